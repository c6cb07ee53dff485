// What a command can see and do: its streams, its environment, its signals. Tests hand in their own.

/** Signals that ask a command to end. */
export type EndSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

const END_SIGNALS: readonly EndSignal[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * Signals this soon after the first are its echo: `npm` passes on the Ctrl-C that the terminal has sent
 * to both of them.
 */
const ECHO_MS = 500;

/** The surroundings of a command. */
export interface Terminal {
  /** Writes text as it is. */
  out(text: string): void;
  err(text: string): void;
  /** Whether standard output is a terminal, where lines may be redrawn and coloured. */
  readonly isTty: boolean;
  /** Width in columns; undefined when it is unknown. */
  readonly columns: number | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Calls `listener` for every signal until the returned function is called. */
  onEndSignal(listener: (signal: EndSignal) => void): () => void;
}

/** The terminal of this process. */
export function processTerminal(): Terminal {
  // A reader that went away (`kaon tasks | head`) is no error of ours.
  process.stdout.on('error', () => undefined);
  process.stderr.on('error', () => undefined);
  const listeners = new Set<(signal: EndSignal) => void>();
  let firstMs: number | undefined;
  return {
    out: (text) => {
      process.stdout.write(text);
    },
    err: (text) => {
      process.stderr.write(text);
    },
    get isTty() {
      return process.stdout.isTTY === true && process.env['NO_COLOR'] === undefined;
    },
    get columns() {
      return process.stdout.columns;
    },
    env: process.env,
    onEndSignal(listener) {
      if (listeners.size === 0 && firstMs === undefined) watchSignals();
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };

  /** Once watched, signals are never left to their default: it would end the process in mid-cleanup. */
  function watchSignals(): void {
    for (const signal of END_SIGNALS) {
      process.removeAllListeners(signal);
      process.on(signal, () => {
        const nowMs = performance.now();
        if (firstMs !== undefined && nowMs - firstMs < ECHO_MS) return;
        firstMs ??= nowMs;
        for (const listener of [...listeners]) listener(signal);
      });
    }
  }
}

/** The exit status shells expect of a program that a signal ended. */
export function signalExitCode(signal: EndSignal): number {
  return { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 }[signal];
}

/** Resolves with the first signal that comes. */
export function nextEndSignal(terminal: Terminal): Promise<EndSignal> {
  return new Promise((resolve) => {
    const forget = terminal.onEndSignal((signal) => {
      forget();
      resolve(signal);
    });
  });
}
