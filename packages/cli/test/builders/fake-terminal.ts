// A terminal that remembers what was written and lets the test press Ctrl-C.
import { type EndSignal, main, type Terminal } from '@kaon/cli';

export class FakeTerminal implements Terminal {
  output = '';
  errors = '';
  readonly isTty: boolean = false;
  readonly columns: number = 100;
  readonly env: Record<string, string | undefined>;
  readonly #listeners = new Set<(signal: EndSignal) => void>();

  constructor(env: Record<string, string | undefined> = {}) {
    this.env = env;
  }

  out(text: string): void {
    this.output += text;
  }

  err(text: string): void {
    this.errors += text;
  }

  onEndSignal(listener: (signal: EndSignal) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  press(signal: EndSignal): void {
    for (const listener of [...this.#listeners]) listener(signal);
  }
}

/** Runs `kaon` with these arguments to its end. */
export async function kaon(
  args: readonly string[],
  env: Record<string, string | undefined> = {},
): Promise<{ readonly exitCode: number; readonly output: string; readonly errors: string }> {
  const terminal = new FakeTerminal(env);
  const exitCode = await main(args, terminal);
  return { exitCode, output: terminal.output, errors: terminal.errors };
}
