// A kernel in this thread: for small clusters, tests and simulations, where a pass must take no real time.
import { applyBatch } from '../kernel/command-buffer.ts';
import { AllocatorKernel } from '../kernel/kernel.ts';
import type { GrantBatch, KernelOptions } from '../kernel/kernel-commands.ts';
import type { KernelCycle, KernelHost } from './kernel-host.ts';

/** A host whose cycles run within the call. */
export function inlineHost(options: KernelOptions): KernelHost {
  const kernel = new AllocatorKernel(options);
  let cycles = 0;
  return {
    run({ commands, request }: KernelCycle): GrantBatch {
      applyBatch(kernel, commands);
      cycles += 1;
      return kernel.allocate(request);
    },
    get stats() {
      return { cycles, rebuilds: 0 };
    },
    close: () => Promise.resolve(),
  };
}
