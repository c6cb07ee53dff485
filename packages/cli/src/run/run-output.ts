// What `kaon run` prints, and where: updates and output on standard output, errors and notes on the other.
import { errorText } from '@kaon/primitives';
import { printable } from '../output/table.ts';
import type { Terminal } from '../terminal.ts';

type CopyFile = (file: string, write: (text: string) => void) => Promise<void>;

/** The voice of one `kaon run`. With several instances every line says whose it is. */
export class RunOutput {
  readonly #terminal: Terminal;
  readonly #isQuiet: boolean;
  readonly #instances: number;
  /** One task's output at a time, so that they do not mix. */
  #turn: Promise<void> = Promise.resolve();

  constructor(terminal: Terminal, isQuiet: boolean, instances: number) {
    this.#terminal = terminal;
    this.#isQuiet = isQuiet;
    this.#instances = instances;
  }

  /** About the run as a whole. */
  note(text: string): void {
    if (!this.#isQuiet) this.#terminal.err(`kaon: ${printable(text)}\n`);
  }

  /** A status update of a task. */
  update(instance: number, line: string): void {
    if (!this.#isQuiet) this.#terminal.out(`${this.#prefix(instance)}${printable(line)}\n`);
  }

  /** Prints what a task wrote. A failure to fetch it is told and changes nothing else. */
  copy(instance: number, copyFile: CopyFile): Promise<void> {
    this.#turn = this.#turn.then(async () => {
      try {
        await this.#copyStream(instance, copyFile, 'stdout', (text) => this.#terminal.out(text));
        await this.#copyStream(instance, copyFile, 'stderr', (text) => this.#terminal.err(text));
      } catch (error) {
        this.#terminal.err(`kaon: the task's output could not be fetched: ${errorText(error)}\n`);
      }
    });
    return this.#turn;
  }

  async #copyStream(
    instance: number,
    copyFile: CopyFile,
    file: string,
    write: (text: string) => void,
  ): Promise<void> {
    if (this.#instances === 1) return copyFile(file, write);
    let isLineStart = true;
    const prefix = this.#prefix(instance);
    await copyFile(file, (text) => {
      const withPrefix = text.replace(/^(?!$)/gm, prefix);
      write(isLineStart ? withPrefix : withPrefix.slice(text.startsWith('\n') ? 0 : prefix.length));
      isLineStart = text.endsWith('\n');
    });
    if (!isLineStart) write('\n');
  }

  #prefix(instance: number): string {
    if (this.#instances === 1) return '';
    return `[${String(instance + 1).padStart(String(this.#instances).length)}] `;
  }
}
