// `npm run bench -- cluster`: tasks a second, from accept to TASK_FINISHED with all its updates acknowledged.
// The scheduler is the SDK over HTTP. Every task is checkpointed and each of its updates is on disk before it is
// acknowledged. Expected on the machine of the house plan: a few hundred tasks a second, bounded by syncs
// of the disk with the no-op launcher and by both syncs and forks with processes.
import { connectScheduler } from '@kaon/scheduler';
import {
  type Benchmark,
  type BenchOptions,
  type Figure,
  measure,
  percentile,
  timed,
} from '../harness.ts';
import { type LauncherKind, startBenchCluster } from './bench-cluster.ts';

const AGENTS = 2;

const LABELS: Readonly<Record<LauncherKind, string>> = {
  noop: 'no-op launcher',
  process: 'real processes (`true`)',
};

/** Launches `count` tasks at once and awaits all ends; returns seconds, adds each task's milliseconds. */
async function burst(address: string, count: number, latenciesMs: number[]): Promise<number> {
  const scheduler = await connectScheduler({ master: address, framework: { name: 'bench' } });
  try {
    return await timed(async () => {
      const startedMs = performance.now();
      const tasks = Array.from({ length: count }, () =>
        scheduler.launch({ command: 'true', cpus: 0.1, mem: 1 }),
      );
      await Promise.all(
        tasks.map(async (task) => {
          const { state, message } = await task.finished;
          if (state !== 'TASK_FINISHED') throw new Error(`a task ended as ${state}: ${message}`);
          latenciesMs.push(performance.now() - startedMs);
        }),
      );
    });
  } finally {
    await scheduler.close();
  }
}

async function figure(
  options: BenchOptions,
  launcher: LauncherKind,
  count: number,
): Promise<Figure> {
  const cluster = await startBenchCluster(AGENTS, launcher);
  try {
    const latenciesMs: number[] = [];
    const workload = `${count} tasks, ${AGENTS} agents, ${LABELS[launcher]}`;
    const measured = await measure(options, workload, count, () =>
      burst(cluster.address, count, latenciesMs),
    );
    const extra = {
      'p50 ms': percentile(latenciesMs, 0.5),
      'p99 ms': percentile(latenciesMs, 0.99),
    };
    return { ...measured, extra };
  } finally {
    await cluster.close();
  }
}

export const run: Benchmark = async (options) => [
  await figure(options, 'noop', options.quick ? 200 : 2000),
  await figure(options, 'process', options.quick ? 100 : 1000),
];
