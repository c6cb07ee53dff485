// `npm run bench -- <name> [--quick] [--json FILE] [--runs N]`.
import { type BenchmarkModule, type BenchOptions, report } from './harness.ts';

const BENCHMARKS: Readonly<
  Record<string, { readonly about: string; load(): Promise<BenchmarkModule> }>
> = {
  actor: {
    about:
      'actors next to Erlang, nact, comedy and plain JavaScript; two processes and threads; targets',
    load: () => import('./actor/run.ts'),
  },
  allocator: {
    about: 'passes of the allocator by size, refusals, quotas and constraints; the floor; targets',
    load: () => import('./allocator/run.ts'),
  },
  api: {
    about:
      "a master's small answers next to bare node:http; records to 1,000 event streams; targets",
    load: () => import('./api/run.ts'),
  },
  containerizer: {
    about: 'short commands a second on one agent, next to bare spawns, small and large',
    load: () => import('./containerizer/run.ts'),
  },
  cluster: {
    about:
      'tasks per second from accept to TASK_FINISHED acknowledged, no-op launcher and real processes',
    load: () => import('./cluster/run.ts'),
  },
};

const USAGE = `usage: npm run bench -- NAME [--quick] [--json FILE] [--runs N]

${Object.entries(BENCHMARKS)
  .map(([name, { about }]) => `  ${name.padEnd(14)} ${about}`)
  .join('\n')}

  --quick      seconds instead of minutes; coarse figures
  --json FILE  write the same figures as JSON
  --runs N     runs per figure, the median counts (default 5, with --quick 3)
`;

function parse(args: readonly string[]): { name: string; options: BenchOptions } | string {
  let name: string | undefined;
  let quick = false;
  let jsonFile: string | undefined;
  let runs: number | undefined;
  for (let index = 0; index < args.length; index += 1) {
    const arg = args[index] as string;
    if (arg === '--quick') quick = true;
    else if (arg === '--json' || arg === '--runs') {
      index += 1;
      const value = args[index];
      if (value === undefined) return `${arg} needs a value`;
      if (arg === '--json') jsonFile = value;
      else if (/^[1-9]\d?$/.test(value)) runs = Number(value);
      else return `--runs takes a whole number from 1 to 99, not '${value}'`;
    } else if (arg.startsWith('-')) return `unknown option ${arg}`;
    else if (name !== undefined) return `one benchmark at a time: '${name}' and '${arg}'`;
    else name = arg;
  }
  if (name === undefined) return 'name a benchmark';
  if (!Object.hasOwn(BENCHMARKS, name)) return `no benchmark called '${name}'`;
  return { name, options: { quick, jsonFile, runs: runs ?? (quick ? 3 : 5) } };
}

const args = process.argv.slice(2);
if (args.includes('--help') || args.includes('-h')) {
  console.log(USAGE);
} else {
  const parsed = parse(args);
  if (typeof parsed === 'string') {
    console.error(`${parsed}\n\n${USAGE}`);
    process.exitCode = 2;
  } else {
    const { name, options } = parsed;
    const module = await (BENCHMARKS[name] as (typeof BENCHMARKS)[string]).load();
    if ('runAndReport' in module) await module.runAndReport(options);
    else report(name, await module.run(options), options);
  }
}
