// What a command can see and do: its streams, its environment, its signals. Tests hand in their own.

/** Signals that ask a command to end. */
export type EndSignal = 'SIGINT' | 'SIGTERM';

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
      const signals: readonly EndSignal[] = ['SIGINT', 'SIGTERM'];
      const handlers = signals.map((signal) => () => listener(signal));
      signals.forEach((signal, index) => {
        process.on(signal, handlers[index] as () => void);
      });
      return () => {
        signals.forEach((signal, index) => {
          process.off(signal, handlers[index] as () => void);
        });
      };
    },
  };
}

/** The exit status shells expect of a program that a signal ended. */
export function signalExitCode(signal: EndSignal): number {
  return signal === 'SIGINT' ? 130 : 143;
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
