// Erlang/OTP as a contender: compiles the modules in `erlang/` into a temporary directory and runs them on
// nodes with one scheduler. Its `epmd` listens on a port of its own and ends with the benchmark.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { atEnd, endChild, runProgram, startProgram } from '../children.ts';
import { percentile } from '../harness.ts';
import { oneWaySample, PAIR_SIZES, PROCESS_ROWS, tripSamples } from './pairs/pair.ts';
import { type LocalRowId, operationsOf } from './rows.ts';
import type { JobInput, Sample } from './sample.ts';

/** The sources are not compiled by TypeScript: they lie beside this file's source, not its output. */
const SOURCES = fileURLToPath(new URL('../../actor/erlang/', import.meta.url));
const MODULES = ['bench_orphan', 'bench_local', 'bench_remote'];
const COMPILE_TIMEOUT_MS = 60_000;
/** One scheduler and no others beside it; room for a million processes and what the system needs. */
const FLAGS = ['+S', '1:1', '+SDio', '1', '+P', '2000000', '-noshell'];
const LOOPBACK = '127.0.0.1';
/** A node that fails says so on standard output; its dump would lie in the user's directory. */
const NO_DUMP = { ERL_CRASH_DUMP_SECONDS: '0' } as const;

/** A ready installation. */
export interface Erlang {
  /** Such as `Erlang/OTP 25`. */
  readonly version: string;
  local(row: LocalRowId, input: JobInput, timeoutMs: number): Promise<readonly Sample[]>;
  remote(input: JobInput, timeoutMs: number): Promise<readonly Sample[]>;
  close(): void;
}

/** Compiles the modules. Says in a few words why there is no Erlang, when there is none. */
export async function openErlang(): Promise<Erlang | string> {
  const directory = mkdtempSync(join(tmpdir(), 'kaon-benchmark-'));
  const close = atEnd(() => rmSync(directory, { recursive: true, force: true }));
  try {
    const sources = MODULES.map((name) => join(SOURCES, `${name}.erl`));
    const compiled = await runProgram(
      'erlc',
      ['-o', directory, ...sources],
      {},
      COMPILE_TIMEOUT_MS,
    );
    if (compiled.code !== 0) throw new Error(`erlc: ${compiled.stdout}${compiled.stderr}`);
    const release = 'io:format("~s",[erlang:system_info(otp_release)]),halt(0).';
    const asked = await runProgram(
      'erl',
      ['-noshell', '-eval', release],
      NO_DUMP,
      COMPILE_TIMEOUT_MS,
    );
    if (asked.code !== 0) throw new Error(`erl: ${asked.stderr}`);
    return {
      version: `Erlang/OTP ${asked.stdout.trim()}`,
      local: (row, input, timeoutMs) => local(directory, row, input, timeoutMs),
      remote: (input, timeoutMs) => remote(directory, input, timeoutMs),
      close,
    };
  } catch (error) {
    close();
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'not installed';
    return `does not start: ${(error as Error).message.split('\n')[0]}`;
  }
}

async function local(
  directory: string,
  row: LocalRowId,
  { quick, runs }: JobInput,
  timeoutMs: number,
): Promise<readonly Sample[]> {
  const operations = operationsOf(row, 'erlang', quick);
  const call = ['-pa', directory, '-run', 'bench_local', 'main', row, `${operations}`, `${runs}`];
  const ended = await runProgram('erl', [...FLAGS, ...call], NO_DUMP, timeoutMs);
  const values = ended.stdout.trim().split('\n').map(Number);
  if (ended.code !== 0 || values.some((value) => !Number.isFinite(value))) {
    throw new Error(`erl ended with ${ended.code}: ${ended.stdout}${ended.stderr}`);
  }
  return [{ row, contender: 'erlang', values, operations }];
}

/** Two nodes with long names on the loopback address, so that no host name has to resolve. */
async function remote(
  directory: string,
  { quick }: JobInput,
  timeoutMs: number,
): Promise<readonly Sample[]> {
  const { warmUpMs, sustainedMs, trips } = PAIR_SIZES[quick ? 'quick' : 'full'];
  const env = {
    ...NO_DUMP,
    ERL_EPMD_PORT: String(await freePort()),
    ERL_EPMD_ADDRESS: LOOPBACK,
  };
  const epmd = startProgram('epmd', [], env);
  const failed = once(epmd, 'error').then(([error]) => Promise.reject(error));
  failed.catch(() => undefined);
  let sink: ChildProcess | undefined;
  try {
    await Promise.race([connectable(Number(env.ERL_EPMD_PORT)), failed]);
    const name = `kaon_benchmark_${process.pid}`;
    const node = (end: string): string[] => [
      ...FLAGS,
      ...['-pa', directory, '-start_epmd', 'false', '-setcookie', name],
      ...['-name', `${name}_${end}@${LOOPBACK}`],
      ...['-kernel', 'inet_dist_use_interface', '{127,0,0,1}'],
    ];
    sink = startProgram('erl', [...node('sink'), '-run', 'bench_remote', 'sink'], env);
    await firstOutput(sink, timeoutMs);
    const sizes = [warmUpMs, sustainedMs, trips].map(String);
    const call = ['-run', 'bench_remote', 'source', `${name}_sink@${LOOPBACK}`, ...sizes];
    const ended = await runProgram('erl', [...node('source'), ...call], env, timeoutMs);
    if (ended.code !== 0)
      throw new Error(`erl ended with ${ended.code}: ${ended.stdout}${ended.stderr}`);
    return remoteSamples(ended.stdout);
  } finally {
    if (sink) await endChild(sink);
    await endChild(epmd);
  }
}

function remoteSamples(text: string): readonly Sample[] {
  const samples: Sample[] = [];
  const microseconds: number[] = [];
  for (const line of text.split('\n')) {
    const [kind, ...numbers] = line.split(' ');
    const [first = 0, messages = 0, nanoseconds = 0, slowestPerSecond = 0] = numbers.map(Number);
    if (kind === 'trip') microseconds.push(first / 1000);
    if (kind !== 'oneway') continue;
    const row = first === 100 ? PROCESS_ROWS.small : PROCESS_ROWS.large;
    const result = { messages, seconds: nanoseconds / 1e9, slowestPerSecond };
    samples.push(oneWaySample('erlang', row, result));
  }
  if (samples.length !== 2 || !Number.isFinite(percentile(microseconds, 0.5))) {
    throw new Error(`erl printed what nobody understands: ${text.slice(0, 200)}`);
  }
  return [...samples, ...tripSamples('erlang', PROCESS_ROWS, microseconds)];
}

async function firstOutput(child: ChildProcess, timeoutMs: number): Promise<void> {
  const aborted = AbortSignal.timeout(timeoutMs);
  const ended = once(child, 'exit', { signal: aborted }).then(([code]) => {
    throw new Error(`erl ended with ${code} before it was ready`);
  });
  ended.catch(() => undefined);
  if (child.stdout === null) throw new Error('a node without output');
  const [text] = await Promise.race([once(child.stdout, 'data', { signal: aborted }), ended]);
  if (!`${text}`.startsWith('ready')) throw new Error(`erl: ${text}`);
}

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, LOOPBACK);
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

const CONNECT_TRIES_MAX = 100;

async function connectable(port: number): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    const socket = connect(port, LOOPBACK);
    try {
      await once(socket, 'connect');
      return;
    } catch (error) {
      if (tries === CONNECT_TRIES_MAX) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    } finally {
      socket.destroy();
    }
  }
}
