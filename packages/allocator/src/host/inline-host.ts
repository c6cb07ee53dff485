// A kernel in this thread: for small clusters, tests and simulations, where a pass must take no real time.
import type { Inspection, InspectRequest } from '../kernel/inspection.ts';
import { HostedKernel } from './hosted-kernel.ts';
import type {
  HostedGrantBatch,
  HostedKernelOptions,
  KernelCycle,
  KernelFacts,
  KernelHost,
} from './kernel-host.ts';

/** A host whose cycles run within the call. Its rules are the built-in ones: a policy needs a worker. */
export function inlineHost(options: HostedKernelOptions): KernelHost {
  const hosted = new HostedKernel(options);
  let cycles = 0;
  return {
    run({ commands, request }: KernelCycle): HostedGrantBatch {
      hosted.apply({ commands });
      cycles += 1;
      return hosted.allocate(request);
    },
    plan({ commands, request }: KernelCycle): HostedGrantBatch {
      hosted.apply({ commands });
      return hosted.copy().allocate(request);
    },
    inspect: (request: InspectRequest): Inspection => hosted.kernel.inspect(request),
    tell: (facts: KernelFacts) => hosted.apply(facts),
    get stats() {
      return { cycles, rebuilds: 0, timeouts: 0, refusedQuestions: 0 };
    },
    close: () => Promise.resolve(),
  };
}
