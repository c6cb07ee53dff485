// Columns of the table that ends the sample of `kaon local`.
import type { SampleTask } from '@kaon/local';
import { formatElapsed } from './format.ts';
import type { Column } from './table.ts';

/** Task, agent, state, exit, duration. */
export const SAMPLE_COLUMNS: readonly Column<SampleTask>[] = [
  { title: 'TASK', text: ({ taskId }) => taskId },
  { title: 'AGENT', text: ({ agentPid, agentId }) => agentPid ?? agentId ?? '-' },
  { title: 'STATE', text: ({ state }) => state },
  {
    title: 'EXIT',
    text: ({ exitCode }) => (exitCode === undefined ? '-' : String(exitCode)),
    align: 'right',
  },
  {
    title: 'DURATION',
    text: ({ durationMs }) => (durationMs === undefined ? '-' : formatElapsed(durationMs)),
    align: 'right',
  },
];
