// The process containerizer of a real agent: the parts of this machine put together.
import type { Clock, Logger } from '@kaon/primitives';
import {
  type ProcessContainerizer,
  type ProcessContainerizerOptions,
  processContainerizer,
} from '../process-containerizer.ts';
import { procProcessTable } from './proc-process-table.ts';
import { scriptLauncher } from './script-launcher.ts';
import { systemRuntimeFiles } from './system-runtime-files.ts';

/** Limits as for `processContainerizer`, and the runtime folder. */
export interface SystemContainerizerOptions
  extends Omit<ProcessContainerizerOptions, 'launcher' | 'files' | 'processes'> {
  /** Absolute, for one agent only, best on a `tmpfs` such as `/run/kaon`. It must survive agent restarts. */
  readonly runtimeDir: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** What starts containers. Default: Perl where there is one, else the shell. */
  readonly script?: 'perl' | 'shell' | undefined;
}

/** Runs plain processes on this Linux machine. */
export function systemContainerizer(options: SystemContainerizerOptions): ProcessContainerizer {
  const { runtimeDir, clock, logger } = options;
  return processContainerizer({
    ...options,
    launcher: scriptLauncher({ runtimeDir, clock, logger, script: options.script }),
    files: systemRuntimeFiles(runtimeDir),
    processes: procProcessTable(),
  });
}
