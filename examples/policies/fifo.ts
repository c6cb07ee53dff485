// First come, first served: who registered first is offered every agent it may have and has not refused.
// Run it with `kaon master --allocator ./fifo.js`.
import { definePolicy, type PolicyGrant } from '@kaon/allocator';

export default definePolicy({
  name: 'fifo',
  allocate(cluster) {
    const grants: PolicyGrant[] = [];
    for (const agent of cluster.agents) {
      // Frameworks come in order of their ids, which masters number as they register.
      const taker = cluster.frameworks
        .flatMap(({ id, roles }) => roles.map(({ role }) => ({ framework: id, role })))
        .find(({ framework, role }) => cluster.canOffer(agent.id, framework, role));
      if (taker) grants.push({ agent: agent.id, ...taker });
    }
    return grants;
  },
});
