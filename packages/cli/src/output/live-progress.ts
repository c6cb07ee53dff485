// One line that tells how far many tasks are: redrawn on a terminal, a line per ended task elsewhere.
import { isTerminal, type TaskState } from '@kaon/protocol';
import type { Terminal } from '../terminal.ts';
import { formatElapsed } from './format.ts';
import { printable } from './table.ts';

/** What the line needs to know of a task. */
export interface ProgressTask {
  readonly taskId: string;
  readonly state: TaskState;
  readonly agentId: string | undefined;
  readonly message: string | undefined;
}

const BAR_CELLS = 20;
const ERASE_LINE = '\r\u001b[K';

/** The progress of a set of tasks. Call `show` as often as something changes, `end` once. */
export class LiveProgress {
  readonly #terminal: Terminal;
  readonly #startedMs: number;
  readonly #nowMs: () => number;
  readonly #told = new Set<string>();
  #isDrawn = false;

  constructor(terminal: Terminal, nowMs: () => number) {
    this.#terminal = terminal;
    this.#nowMs = nowMs;
    this.#startedMs = nowMs();
  }

  show(tasks: readonly ProgressTask[]): void {
    if (this.#terminal.isTty) this.#draw(tasks);
    else this.#tell(tasks);
  }

  /** Leaves the last state on the screen. */
  end(): void {
    if (this.#isDrawn) this.#terminal.out('\n');
    this.#isDrawn = false;
  }

  #draw(tasks: readonly ProgressTask[]): void {
    const elapsed = formatElapsed(this.#nowMs() - this.#startedMs);
    const line = `${progressLine(tasks)}, ${elapsed}`;
    this.#terminal.out(ERASE_LINE + line.slice(0, (this.#terminal.columns ?? 80) - 1));
    this.#isDrawn = true;
  }

  #tell(tasks: readonly ProgressTask[]): void {
    for (const { taskId, state, message } of tasks) {
      if (!isTerminal(state) || this.#told.has(taskId)) continue;
      this.#told.add(taskId);
      const ended = `${this.#told.size} of ${tasks.length}`;
      const why = message === undefined ? '' : `: ${message}`;
      const line = printable(`${ended}  ${taskId} ${state}${why}`);
      this.#terminal.out(`${line}\n`);
    }
  }
}

/** `[#######.............] 7 of 20 done, 6 running, 7 waiting`. */
export function progressLine(tasks: readonly ProgressTask[]): string {
  const ended = tasks.filter(({ state }) => isTerminal(state));
  const failed = ended.filter(({ state }) => state !== 'TASK_FINISHED').length;
  const waiting = tasks.filter(({ agentId }) => agentId === undefined).length;
  const running = tasks.length - ended.length - waiting;
  const filled = tasks.length === 0 ? 0 : Math.floor((BAR_CELLS * ended.length) / tasks.length);
  const bar = `[${'#'.repeat(filled)}${'.'.repeat(BAR_CELLS - filled)}]`;
  const done = `${bar} ${ended.length} of ${tasks.length} done`;
  const failures = failed > 0 ? `, ${failed} failed` : '';
  return `${done}, ${running} running, ${waiting} waiting${failures}`;
}
