// The process containerizer of a real agent: the parts of this machine put together.
import type { Clock, Logger } from '@kaon/primitives';
import {
  type ProcessContainerizer,
  type ProcessContainerizerOptions,
  processContainerizer,
} from '../process-containerizer.ts';
import { procProcessTable } from './proc-process-table.ts';
import { shellLauncher } from './shell-launcher.ts';
import { systemRuntimeFiles } from './system-runtime-files.ts';

/** Limits as for `processContainerizer`, and the runtime folder. */
export interface SystemContainerizerOptions
  extends Omit<ProcessContainerizerOptions, 'launcher' | 'files' | 'processes'> {
  /** Absolute, for one agent only, best on a `tmpfs` such as `/run/kaon`. It must survive agent restarts. */
  readonly runtimeDir: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Runs plain processes on this Linux machine. */
export function systemContainerizer(options: SystemContainerizerOptions): ProcessContainerizer {
  const { runtimeDir, clock, logger } = options;
  return processContainerizer({
    ...options,
    launcher: shellLauncher({ runtimeDir, clock, logger }),
    files: systemRuntimeFiles(runtimeDir),
    processes: procProcessTable(),
  });
}
