// What a kernel keeps: growth of heap and array buffers, in a process of its own, after garbage collection.
import { setTimeout as later } from 'node:timers/promises';
import { buildCluster, type Cluster, tellCluster } from './cluster.ts';
import { kernelAfter, recorded } from './passes.ts';
import { figureSizes } from './rows.ts';
import { type JobInput, type JobResult, runParts, type Sample } from './sample.ts';

const EXPIRES_MS = 3_600_000;
const IDLE_ROUNDS = 4;
const ROUND_MS = 20;
const NOISE_BYTES = 10_000;

export function runMemory({ isQuick }: JobInput): Promise<JobResult> {
  const { memory: size } = figureSizes(isQuick);
  const measureKernel = async (): Promise<readonly Sample[]> => {
    const cluster = buildCluster(size);
    // What the first use of everything leaves behind is not the kernel's.
    allocateAll(cluster);
    const before = await usedBytes();
    const kernel = allocateAll(cluster);
    const free = (await usedBytes()) - before;
    for (const [agent, bundle] of cluster.parcels.entries()) {
      for (let framework = 0; framework < cluster.frameworks; framework += 1) {
        kernel.refuse(framework, framework, agent, EXPIRES_MS, bundle);
      }
    }
    kernel.allocate({ nowMs: 0, seed: 1 });
    const refused = (await usedBytes()) - before;
    // NOTE: kernel and cluster are used once more, so that neither is collected between two looks.
    const { refusalsDropped } = kernel.allocate({ nowMs: 0, seed: 1 });
    const common = { size, contender: 'kaon', operations: cluster.parcels.length } as const;
    const samples: Sample[] = [{ ...common, row: 'memory', values: [free] }];
    if (refusalsDropped === 0) samples.push({ ...common, row: 'memoryRefused', values: [refused] });
    return samples;
  };
  return runParts([['memory', measureKernel]]);
}

/** A kernel after its first pass; the commands that made it are garbage. */
function allocateAll(cluster: Cluster): ReturnType<typeof kernelAfter> {
  const kernel = kernelAfter(recorded((commands) => tellCluster(cluster, commands)));
  kernel.allocate({ nowMs: 0, seed: 1 });
  return kernel;
}

/** Bytes in use once collecting frees no more. */
async function usedBytes(): Promise<number> {
  const collect = globalThis.gc;
  if (collect === undefined) throw new Error('memory is measured with --expose-gc');
  let least = Number.POSITIVE_INFINITY;
  for (let idle = 0; idle < IDLE_ROUNDS; idle += 1) {
    collect();
    // Array buffers are let go of some turns after the objects that had them.
    await later(ROUND_MS);
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    const used = heapUsed + arrayBuffers;
    if (used < least - NOISE_BYTES) idle = 0;
    least = Math.min(least, used);
  }
  return least;
}
