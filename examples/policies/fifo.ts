// First come, first served: who registered first is offered every agent it may have and has not refused.
// Run it with `kaon master --allocator ./fifo.js`.
import { definePolicy, type PolicyGrant } from '@kaon/allocator';

export default definePolicy({
  name: 'fifo',
  allocate(cluster) {
    const grants: PolicyGrant[] = [];
    // Frameworks come in order of their ids, which masters number as they register.
    const line = cluster.frameworks.flatMap(({ id, roles }) =>
      roles.map(({ role }) => ({ framework: id, role })),
    );
    for (const { id: agent } of cluster.agents) {
      const first = line.find(({ framework, role }) => cluster.canOffer(agent, framework, role));
      if (first) grants.push({ agent, ...first });
    }
    return grants;
  },
});
