// What a running actor needs of the system it lives in.
import type { Clock, Logger, Random } from '@kaon/primitives';
import type { ActorDefinition, ExitReason } from './behaviour.ts';
import type { Cell } from './cell.ts';
import type { DeadLetterReason } from './dead-letters.ts';
import type { Envelope } from './envelope.ts';
import type { AskFailure } from './errors.ts';
import type { Instruments } from './instruments.ts';
import type { Delegated } from './later.ts';
import type { PendingAsk } from './pending-asks.ts';
import type { Pid } from './pid.ts';
import type { Protocol } from './protocol.ts';
import type { RunQueue } from './run-queue.ts';
import type { SpawnOptions } from './supervision.ts';

/** The system as its cells see it. */
export interface CellHost {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly runQueue: RunQueue;
  /** Undefined when nothing is watched: the usual case. */
  readonly instruments: Instruments | undefined;
  send(from: Pid, to: Pid, name: string, body: unknown): void;
  /** As `send`, in the name of `from`; `by` is who passes it on. */
  forward(by: Pid, from: Pid, to: Pid, name: string, body: unknown): void;
  ask(from: Pid, ask: PendingAsk, question: unknown, timeoutMs: number | undefined): void;
  answer(asked: Envelope, by: Pid, answer: unknown): void;
  answerFailure(asked: Envelope, by: Pid, failure: AskFailure, detail: string): void;
  /** Hands an ask on. False when the answer has to come back here first. */
  delegate(asked: Envelope, by: Pid, delegated: Delegated<unknown>): boolean;
  refuse(envelope: Envelope, to: Pid, reason: DeadLetterReason, detail: string): void;
  spawn(
    parent: Cell | undefined,
    definition: ActorDefinition<Protocol, unknown>,
    options: unknown,
    spawnOptions: SpawnOptions | undefined,
  ): Pid;
  link(watcher: Cell, target: Pid): void;
  unlink(watcher: Cell, target: Pid): void;
  stop(pid: Pid, drain: boolean): void;
  ended(cell: Cell, reason: ExitReason, error: Error | undefined): void;
  deferStarted(): void;
  deferSettled(): void;
}
