// `npm run bench -- containerizer`: short commands a second on one agent, each with its sandbox, output files,
// exit status and proof that no process is left. Next to it what Node's own `spawn` does, which has none of that.
// Expected on the machine of the house plan: 300 to 500 a second when both cores are free, whatever the size
// of the agent; `spawn` 240 to 460 from a small process and a tenth of it from a large one.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ProcessContainerizer, systemContainerizer } from '@kaon/containerizer';
import { silentLogger, systemClock } from '@kaon/primitives';
import { type Benchmark, type BenchOptions, type Figure, measure, timed } from '../harness.ts';

const AT_ONCE = 48;
const BALLAST_BYTES = 768 * 2 ** 20;
/** As many variables, and as long, as an agent gives to a task. */
const ENVIRONMENT: Readonly<Record<string, string>> = {
  PATH: '/usr/local/bin:/usr/bin:/bin',
  ...Object.fromEntries(
    Array.from({ length: 12 }, (_, index) => [`MESOS_VARIABLE_${index}`, 'x'.repeat(40)]),
  ),
};

/** Runs `count` jobs, `AT_ONCE` at a time; returns seconds. */
function burst(count: number, job: (index: number) => Promise<void>): Promise<number> {
  return timed(async () => {
    let next = 0;
    const worker = async (): Promise<void> => {
      while (next < count) {
        next += 1;
        await job(next - 1);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  });
}

async function runContainer(
  containerizer: ProcessContainerizer,
  folder: string,
  containerId: string,
): Promise<void> {
  const sandbox = join(folder, containerId);
  await mkdir(sandbox);
  const command = { kind: 'shell', value: 'true' } as const;
  const environment = { ...ENVIRONMENT, MESOS_SANDBOX: sandbox };
  await containerizer.launch({ containerId, sandbox, command, environment });
  const termination = await containerizer.wait(containerId);
  if (termination.kind !== 'exited' || termination.code !== 0) throw new Error('a command failed');
  await containerizer.destroy(containerId);
}

async function containers(options: BenchOptions, count: number, size: string): Promise<Figure> {
  // A runtime folder belongs on a tmpfs; where there is none the disk is part of the figure.
  const base = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
  const folder = await mkdtemp(join(base, 'kaon-bench-'));
  const containerizer = systemContainerizer({
    runtimeDir: join(folder, 'run'),
    clock: systemClock(),
    logger: silentLogger,
  });
  let run = 0;
  try {
    return await measure(
      options,
      `${count} containers, ${AT_ONCE} at once, ${size} agent`,
      count,
      () => {
        run += 1;
        return burst(count, (index) => runContainer(containerizer, folder, `run${run}-${index}`));
      },
    );
  } finally {
    await containerizer.close();
    await rm(folder, { recursive: true });
  }
}

function bareSpawns(options: BenchOptions, count: number, size: string): Promise<Figure> {
  return measure(options, `${count} bare spawns, ${AT_ONCE} at once, ${size} process`, count, () =>
    burst(count, async () => {
      const child = spawn('/bin/sh', ['-c', 'true'], { stdio: 'ignore', env: ENVIRONMENT });
      await once(child, 'exit');
    }),
  );
}

export const run: Benchmark = async (options) => {
  const count = options.quick ? 200 : 1500;
  const figures = [
    await containers(options, count, 'small'),
    await bareSpawns(options, count, 'small'),
  ];
  const ballast = Buffer.alloc(BALLAST_BYTES, 1);
  figures.push(
    await containers(options, count, '0.8 GB'),
    await bareSpawns(options, options.quick ? 50 : 200, '0.8 GB'),
  );
  if (ballast[0] !== 1) throw new Error('the ballast was not kept');
  return figures;
};
