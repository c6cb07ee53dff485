// The life of a server process: start, announce, wait for a reason to end, close.
import { rename, writeFile } from 'node:fs/promises';
import { ListenFailedError, PortInUseError } from '@kaon/http';
import { CommandError, EXIT_FAILURE, EXIT_INTERRUPTED } from '../errors.ts';
import { type EndSignal, nextEndSignal, type Terminal } from '../terminal.ts';

/** A server that runs in this process. */
export interface RunningServer {
  /** `host:port`. */
  readonly address: string;
  /** Resolves with a sentence when the server has ended by itself. */
  readonly stopped: Promise<string>;
  close(signal: EndSignal | undefined): Promise<void>;
}

/** How to run it. */
export interface ServeOptions {
  /** `master` or `agent`. */
  readonly role: string;
  /** Written, in one step, when the server is ready: a JSON record with `pid`, `address` and `url`. */
  readonly readyFile: string | undefined;
  readonly start: () => Promise<RunningServer>;
}

/** Closing may not take longer than this; then the process ends anyway. */
const CLOSE_PATIENCE_MS = 15_000;

/** Runs a server until a signal, or until it ends by itself; the exit status of the process. */
export async function serve(
  terminal: Terminal,
  { role, readyFile, start }: ServeOptions,
): Promise<number> {
  const signal = nextEndSignal(terminal);
  const server = await starting(start);
  const { address } = server;
  terminal.out(`kaon ${role} listening on ${address}\n`);
  if (readyFile !== undefined) {
    await announce(readyFile, { pid: process.pid, role, address, url: `http://${address}` });
  }
  const reason = await Promise.race([
    signal.then((name) => ({ signal: name })),
    server.stopped.then((sentence) => ({ sentence })),
  ]);
  if ('sentence' in reason) terminal.err(`kaon: the ${role} stopped: ${reason.sentence}\n`);
  const closing = server.close('signal' in reason ? reason.signal : undefined);
  const isClosed = await Promise.race([
    closing.then(() => true),
    nextEndSignal(terminal).then(() => false),
    late(),
  ]);
  if (!isClosed) return EXIT_INTERRUPTED;
  return 'sentence' in reason ? EXIT_FAILURE : 0;
}

/** Starts, and tells what a user can do about the errors that are not the server's fault. */
export async function starting<T>(start: () => Promise<T>): Promise<T> {
  try {
    return await start();
  } catch (error) {
    if (error instanceof PortInUseError) {
      throw new CommandError(`port ${error.port} on ${error.host} is in use by another program`, {
        hint: 'Choose another port with --port PORT; --port 0 takes any free one.',
        cause: error,
      });
    }
    if (error instanceof ListenFailedError) {
      throw new CommandError(error.message, { hint: 'Check --ip and --port.', cause: error });
    }
    throw error;
  }
}

/** A reader never sees half of it. */
async function announce(path: string, record: object): Promise<void> {
  try {
    await writeFile(`${path}.tmp`, `${JSON.stringify(record)}\n`);
    await rename(`${path}.tmp`, path);
  } catch (error) {
    throw new CommandError(`cannot write --ready-file ${path}`, { cause: error });
  }
}

function late(): Promise<boolean> {
  return new Promise((resolve) => {
    // Unreferenced: a process that is done must not stay for it.
    setTimeout(() => resolve(false), CLOSE_PATIENCE_MS).unref();
  });
}
