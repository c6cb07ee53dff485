// The example of an allocation policy, run as `kaon master --allocator` runs one.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  CommandBuffer,
  type GrantBatch,
  parcelRows,
  piscinaThread,
  workerHost,
} from '@kaon/allocator';
import t from 'tap';
import { REPOSITORY_ROOT } from '../structure/repository.ts';

const KINDS = 2;
const FIFO = pathToFileURL(join(REPOSITORY_ROOT, 'examples/lib/policies/fifo.js')).href;

function takers({ agents, frameworks }: GrantBatch): string[] {
  return [...agents].map((agent, grant) => `a${agent}:f${frameworks[grant]}`).sort();
}

t.test('first come, first served: the first takes all it has not refused', async (t) => {
  const kernel = { kinds: KINDS, minAllocatable: [], excludedKinds: [], refusalsMax: 1000 };
  const host = workerHost({
    kernel,
    thread: piscinaThread(),
    policy: FIFO,
    kindNames: () => ['cpus', 'mem'],
  });
  t.teardown(() => host.close());
  const buffer = new CommandBuffer();
  const total = Float64Array.of(4000, 64_000);
  const free = parcelRows(KINDS, [{ quantities: [...total] }]);
  const facts = { isActive: true, demands: 0, lacks: 0, total, reserved: new Float64Array(0) };
  for (let agent = 0; agent < 4; agent += 1) buffer.addAgent(agent, facts, free);
  for (const [framework, role] of ['web', 'ads'].entries()) {
    buffer.addRole(framework, role);
    buffer.addFramework(framework, `m1-000${framework}`, 0);
    buffer.subscribe(framework, framework);
    buffer.activateFramework(framework);
  }
  buffer.refuse(0, 0, 2, 5000, free);
  const first = await host.run({ commands: buffer.take(), request: { nowMs: 0, seed: 1 } });
  t.same(takers(first), ['a0:f0', 'a1:f0', 'a2:f1', 'a3:f0']);
  t.match(host.stats.policy, { passes: 1, failures: 0, refusedGrants: 0 });
});
