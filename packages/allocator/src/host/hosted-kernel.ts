// A kernel and what hosts do with it, whichever thread they are in.
import { invariant } from '@kaon/primitives';
import { applyBatch } from '../kernel/command-buffer.ts';
import { AllocatorKernel } from '../kernel/kernel.ts';
import type { AllocateRequest, GrantBatch, KernelCommands } from '../kernel/kernel-commands.ts';
import type { KernelPolicy } from '../kernel/kernel-policy.ts';
import { snapshotOf } from '../kernel/snapshot.ts';
import { addHoldings, holdingsOf } from './holdings.ts';
import type {
  GrantedColumns,
  HostedGrantBatch,
  HostedKernelOptions,
  KernelFacts,
} from './kernel-host.ts';
import { PartitionCommands } from './partition-commands.ts';

/** The pass that grants of somebody else make up: about some agents, at no time. */
const GRANTS: AllocateRequest = {
  nowMs: Number.NEGATIVE_INFINITY,
  seed: 0,
  agents: new Int32Array(0),
};

/** A kernel that is told what concerns its partition. */
export class HostedKernel {
  readonly kernel: AllocatorKernel;
  readonly #options: HostedKernelOptions;
  readonly #commands: KernelCommands;

  constructor(options: HostedKernelOptions, policy?: KernelPolicy) {
    this.#options = options;
    this.kernel = new AllocatorKernel(options, policy);
    const { partitions = 1 } = options;
    this.#commands = partitions === 1 ? this.kernel : new PartitionCommands(this.kernel, options);
  }

  /** Makes the kernel, which must be new, equal to the one `snapshot` was taken of. */
  restore(snapshot: KernelFacts['commands']): void {
    applyBatch(this.kernel, snapshot);
  }

  /** Carries out facts. A throw leaves the kernel half changed. */
  apply({ commands, held, granted }: KernelFacts): void {
    applyBatch(this.#commands, commands);
    if (held !== undefined) addHoldings(this.kernel, held, this.#options.kinds);
    if (granted !== undefined) this.#give(granted);
  }

  allocate(request: AllocateRequest): HostedGrantBatch {
    return this.summedUp(this.kernel.allocate(request));
  }

  /** `batch`, which is this kernel's, with what others of the same cluster must hear of it. */
  summedUp(batch: GrantBatch): HostedGrantBatch {
    const { kinds, partitions = 1 } = this.#options;
    if (partitions === 1) return batch;
    return { ...batch, unreserved: new Float64Array(0), holdings: holdingsOf(batch, kinds) };
  }

  /** A kernel of its own that is equal to this one, with an order of its own or the built-in one. */
  copy(policy?: KernelPolicy): HostedKernel {
    const copy = new HostedKernel(this.#options, policy);
    copy.restore(snapshotOf(this.kernel));
    return copy;
  }

  #give({ agents, frameworks, roles, bits, chops, chopped }: GrantedColumns): void {
    const { kinds } = this.#options;
    this.kernel.beginGrants(GRANTS);
    for (let grant = 0; grant < agents.length; grant += 1) {
      const row = chops[grant]!;
      const plain = row < 0 ? undefined : chopped.subarray(row * kinds, (row + 1) * kinds);
      const isGiven = this.kernel.grant(
        agents[grant]!,
        frameworks[grant]!,
        roles[grant]!,
        plain,
        bits[grant]!,
      );
      invariant(isGiven, 'what was granted once can be granted again');
    }
    this.kernel.finishGrants();
  }
}
