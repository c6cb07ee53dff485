// Where an allocator's kernels run, from what an operator has chosen.
import { invariant } from '@kaon/primitives';
import { inlineHost } from '../host/inline-host.ts';
import type { HostEnvironment, HostedKernelOptions, KernelHost } from '../host/kernel-host.ts';
import { partitionedHost } from '../host/partitioned-host.ts';
import { shadowHost } from '../host/shadow-host.ts';
import { workerHost } from '../host/worker-host.ts';
import type { KernelOptions } from '../kernel/kernel-commands.ts';
import { piscinaThread } from './piscina-thread.ts';

/** Where kernels run, and by which rules. */
export interface HostChoice {
  /**
   * Threads that share the work of a pass; 0: this one does it. One thread is exact; several differ from
   * that as `partitionedHost` tells. Default: 0, or 1 with a policy, which needs one.
   */
  readonly workers?: number | undefined;
  /** URL of the module of a policy that decides instead of the built-in rules. Default: none. */
  readonly policy?: string | undefined;
  /** URL of the module of a policy that is only compared, on a thread of its own. Default: none. */
  readonly shadow?: string | undefined;
  /** How long a policy may take for one pass, in milliseconds. Default: 5000. */
  readonly policyTimeoutMs?: number | undefined;
}

/** What `AllocatorOptions.makeHost` is to be, for this choice. */
export function hostsFor(
  choice: HostChoice,
): (kernel: KernelOptions, environment: HostEnvironment) => KernelHost {
  const { policy, shadow } = choice;
  const { workers = policy === undefined ? 0 : 1 } = choice;
  invariant(workers > 0 || policy === undefined, 'a policy has a worker');
  return (kernel, environment) => {
    const worker = (own: HostedKernelOptions, module: string | undefined): KernelHost =>
      workerHost({
        kernel: own,
        thread: piscinaThread(environment.logger),
        clock: environment.clock,
        logger: environment.logger,
        kindNames: environment.kindNames,
        policy: module,
        ...(choice.policyTimeoutMs === undefined
          ? {}
          : { policyTimeoutMs: choice.policyTimeoutMs }),
      });
    const live =
      workers === 0
        ? inlineHost(kernel)
        : partitionedHost({ kernel, partitions: workers, makeHost: (own) => worker(own, policy) });
    if (shadow === undefined) return live;
    const { logger } = environment;
    return shadowHost({
      live,
      shadow: worker(kernel, shadow),
      module: shadow,
      environment,
      logger,
    });
  };
}
