// An allocator in a simulation, and what it told.
import type { BodyOf, MessageName } from '@kaon/actor';
import {
  type Allocation,
  type AllocatorOptions,
  type AllocatorProtocol,
  type QuotaUpdate,
  startAllocator,
} from '@kaon/allocator';
import { Simulation } from '@kaon/testkit';
import { frameworkId } from './records.ts';

type Options = Partial<AllocatorOptions> & { readonly sim?: Simulation };

/** Starts one; nothing runs in real time. */
export async function givenAllocator(
  t: Pick<typeof import('tap').t, 'teardown'>,
  options: Options = {},
) {
  const sim = options.sim ?? new Simulation({ seed: 5 });
  const system = sim.createSystem('master:5050');
  t.teardown(() => sim.close());
  const told: Allocation[] = [];
  const allocator = startAllocator(system, {
    onAllocation: (allocations) => {
      told.push(...allocations);
      return undefined;
    },
    ...options,
  });
  const tell = <K extends MessageName<AllocatorProtocol>>(
    name: K,
    body: BodyOf<AllocatorProtocol, K>,
  ): void => {
    system.send(allocator.pid, name, body);
  };
  const given = {
    sim,
    system,
    allocator,
    tell,
    /** What was told since the last call: `framework agent role resources`, sorted. */
    takeTold: (): string[] =>
      told
        .splice(0)
        .flatMap(({ frameworkId, shares }) =>
          shares.map(
            ({ agentId, role, resources }) => `${frameworkId} ${agentId} ${role} ${resources}`,
          ),
        )
        .sort(),
    async updateQuota(quotas: readonly QuotaUpdate[], force = false) {
      await sim.settle();
      const answer = system.ask(
        allocator.pid,
        'updateQuota',
        { quotas, force },
        { timeoutMs: 1000 },
      );
      await sim.settle();
      return answer;
    },
    async stats() {
      await sim.settle();
      const answer = system.ask(allocator.pid, 'stats', undefined, { timeoutMs: 1000 });
      await sim.settle();
      return answer;
    },
    async explain(id: string, role?: string) {
      await sim.settle();
      const question = { frameworkId: frameworkId(id), ...(role === undefined ? {} : { role }) };
      const answer = system.ask(allocator.pid, 'explain', question, { timeoutMs: 1000 });
      await sim.settle();
      return answer;
    },
  };
  return given;
}
