// What a kernel keeps: growth of heap and array buffers, in a process of its own, after garbage collection.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { buildCluster, type Cluster, tellCluster } from './cluster.ts';
import { kernelAfter, recorded } from './passes.ts';
import { figureSizes } from './rows.ts';
import { type JobInput, type JobResult, runParts, type Sample } from './sample.ts';

const EXPIRES_MS = 3_600_000;

export function runMemory({ isQuick }: JobInput): Promise<JobResult> {
  const { memory: size } = figureSizes(isQuick);
  const measureKernel = async (): Promise<readonly Sample[]> => {
    const cluster = buildCluster(size);
    // What the first use of everything leaves behind is not the kernel's.
    allocateAll(cluster);
    const before = await usedBytes();
    const kernel = allocateAll(cluster);
    const free = (await usedBytes()) - before;
    const { agents, frameworks, parcels } = cluster;
    for (let agent = 0; agent < agents; agent += 1) {
      for (let framework = 0; framework < frameworks; framework += 1) {
        kernel.refuse(framework, framework, agent, EXPIRES_MS, parcels[agent]!);
      }
    }
    const { refusalsDropped } = kernel.allocate({ nowMs: 0, seed: 1 });
    const refused = (await usedBytes()) - before;
    const common = { size, contender: 'kaon', operations: agents } as const;
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

async function usedBytes(): Promise<number> {
  const collect = globalThis.gc;
  if (collect === undefined) throw new Error('memory is measured with --expose-gc');
  // Array buffers are let go of a turn after the objects that had them.
  for (let round = 0; round < 3; round += 1) {
    collect();
    await nextTurn();
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
