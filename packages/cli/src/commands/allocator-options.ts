// Flags of the allocator, which masters and local clusters share.
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { CONSTRAINT_LIMITS, type HostAllocatorOptions } from '@kaon/local';
import { parseQuantities, type Quantities } from '@kaon/resources';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { EXIT_USAGE } from '../errors.ts';
import { bytes, duration, integer } from '../flags/values.ts';
import { addBoolean } from './command-context.ts';

/** The values of those flags. Durations in milliseconds. */
export interface AllocatorFlags {
  /** `hierarchical`, or the absolute path of a module. */
  readonly allocator: string;
  readonly allocatorWorkers?: number;
  /** The absolute path of a module. */
  readonly allocatorShadow?: string;
  readonly allocationInterval: number;
  readonly roleSorter: 'drf' | 'random';
  readonly frameworkSorter: 'drf' | 'random';
  /** As it was written; it can be parsed. */
  readonly minAllocatableResources: string;
  readonly fairSharingExcludedResourceNames?: string;
  readonly filterGpuResources?: boolean;
  readonly offerConstraintsRe2MaxMem: number;
  readonly offerConstraintsRe2MaxProgramSize: number;
}

/** The allocator of Kaon's own, by its names: Mesos' two, and a plain word. */
const BUILT_IN: ReadonlySet<string> = new Set(['hierarchical', 'HierarchicalDRF', 'builtin']);
const WORKERS_MAX = 64;
/** More than this and compiling one expression could be felt. */
const REGEX_BYTES_MAX = 1024 * 1024;
const REGEX_PROGRAM_MAX = 100_000;

/** Passes of a large cluster must not hold up heartbeats and calls, so they have a thread of their own. */
export const MASTER_ALLOCATOR_WORKERS = 1;
/** A pass over a handful of agents takes less than a thread's answer. */
export const LOCAL_ALLOCATOR_WORKERS = 0;

/** Adds the flags; a kernel runs on `workers` threads unless the flags say otherwise. */
export function addAllocatorOptions(command: Command, workers: number): void {
  command
    .addOption(
      new Option('--allocation-interval <duration>', 'how often resources are offered')
        .default(1000, '1secs')
        .argParser(duration({ atLeast: '1ms' })),
    )
    .addOption(
      new Option('--allocator <name>', 'who decides: hierarchical, or the file of a policy module')
        .default('hierarchical', 'hierarchical')
        .argParser(allocatorName),
    )
    .addOption(
      new Option(
        '--allocator-workers <number>',
        `threads that allocate; 0: the master's own (default: ${workers}; at least 1 for a policy)`,
      ).argParser(integer(0, WORKERS_MAX)),
    )
    .addOption(
      new Option(
        '--allocator-shadow <file>',
        'module of a policy that is compared with the live one, and never obeyed',
      ).argParser(moduleFile),
    )
    .addOption(
      new Option('--role-sorter <order>', 'whose turn it is among roles: fair share, or by chance')
        .choices(['drf', 'random'])
        .default('drf', 'drf'),
    )
    .addOption(
      new Option('--framework-sorter <order>', 'the same among the frameworks of one role')
        .choices(['drf', 'random'])
        .default('drf', 'drf'),
    )
    .addOption(
      new Option(
        '--min-allocatable-resources <text>',
        "what is worth offering: sets of resources; '|' is or, ';' is and",
      )
        .default('cpus:0.01|mem:32', 'cpus:0.01|mem:32')
        .argParser(minimumSets),
    )
    .addOption(
      new Option(
        '--fair-sharing-excluded-resource-names <names>',
        'resources that do not count for shares, with commas (default: none)',
      ).argParser(nameList),
    )
    .addOption(
      new Option(
        '--offer-constraints-re2-max-mem <size>',
        'longest regular expression of an offer constraint',
      )
        .default(CONSTRAINT_LIMITS.regexBytesMax, '4KB')
        .argParser(bytes(0, REGEX_BYTES_MAX)),
    )
    .addOption(
      new Option(
        '--offer-constraints-re2-max-program-size <number>',
        'instructions one of them may compile to',
      )
        .default(CONSTRAINT_LIMITS.regexProgramMax)
        .argParser(integer(0, REGEX_PROGRAM_MAX)),
    );
  addBoolean(
    command,
    'filter-gpu-resources',
    'keep agents with GPUs for frameworks with GPU_RESOURCES (default: on)',
  );
}

/** Ends `command` with an error when its flags contradict each other. */
export function checkAllocatorFlags(command: Command, flags: AllocatorFlags): void {
  if (policyOf(flags) === undefined || flags.allocatorWorkers !== 0) return;
  command.error(
    'error: a policy module runs on a thread of its own: with --allocator <file>, ' +
      '--allocator-workers must be at least 1',
    { exitCode: EXIT_USAGE },
  );
}

/** What a master is told about its allocator; its kernel runs on `workers` threads by default. */
export function allocatorOptionsOf(flags: AllocatorFlags, workers: number): HostAllocatorOptions {
  const policy = policyOf(flags);
  const { allocatorShadow, fairSharingExcludedResourceNames: excluded } = flags;
  return {
    allocationIntervalMs: flags.allocationInterval,
    workers: flags.allocatorWorkers ?? (policy === undefined ? workers : Math.max(1, workers)),
    policy: policy && pathToFileURL(policy).href,
    shadow: allocatorShadow && pathToFileURL(allocatorShadow).href,
    roleSorter: flags.roleSorter,
    frameworkSorter: flags.frameworkSorter,
    minAllocatable: parseMinimumSets(flags.minAllocatableResources),
    excludedNames: excluded === undefined ? [] : excluded.split(','),
    reservesGpuAgents: flags.filterGpuResources ?? true,
    constraintLimits: {
      ...CONSTRAINT_LIMITS,
      regexBytesMax: flags.offerConstraintsRe2MaxMem,
      regexProgramMax: flags.offerConstraintsRe2MaxProgramSize,
    },
  };
}

function policyOf({ allocator }: AllocatorFlags): string | undefined {
  return BUILT_IN.has(allocator) ? undefined : allocator;
}

function allocatorName(text: string): string {
  if (BUILT_IN.has(text)) return text;
  try {
    return moduleFile(text);
  } catch {
    throw new InvalidArgumentError('Write hierarchical, or the path of a JavaScript module.');
  }
}

function moduleFile(text: string): string {
  const path = text.startsWith('file://') ? fileURLToPath(text) : resolve(text);
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) {
    throw new InvalidArgumentError('There is no such file. Write the path of a JavaScript module.');
  }
  return path;
}

function minimumSets(text: string): string {
  parseMinimumSets(text);
  return text;
}

/** An empty text lets everything pass. */
function parseMinimumSets(text: string): readonly Quantities[] {
  if (text.trim() === '') return [];
  return text.split('|').map((set) => {
    const parsed = parseQuantities(set);
    if (!parsed.ok || parsed.value.size === 0) {
      throw new InvalidArgumentError(
        "Write sets such as cpus:0.01|mem:32, amounts above 0; '|' is or, ';' is and.",
      );
    }
    return parsed.value;
  });
}

function nameList(text: string): string {
  const names = text.split(',').map((name) => name.trim());
  if (names.some((name) => name === '' || /[\s:;|]/.test(name))) {
    throw new InvalidArgumentError('Write names of resources with commas, such as gpus,disk.');
  }
  return names.join(',');
}
