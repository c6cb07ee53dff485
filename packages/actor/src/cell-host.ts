// What a running actor needs of the system it lives in.
import type { Clock, Logger, Random } from '@kaon/primitives';
import type { ActorDefinition, ExitReason } from './behaviour.ts';
import type { Cell } from './cell.ts';
import type { AskOptions } from './context.ts';
import type { DeadLetterReason } from './dead-letters.ts';
import type { Envelope } from './envelope.ts';
import type { AskFailure } from './errors.ts';
import type { AskOutcome } from './pending-asks.ts';
import type { Pid } from './pid.ts';
import type { Protocol } from './protocol.ts';
import type { RunQueue } from './run-queue.ts';
import type { SpawnOptions } from './supervision.ts';
import type { TraceEvent } from './trace-event.ts';

/** The system as its cells see it. */
export interface CellHost {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly runQueue: RunQueue;
  readonly trace: ((event: TraceEvent) => void) | undefined;
  send(from: Pid, to: Pid, name: string, body: unknown): void;
  ask(
    from: Pid,
    to: Pid,
    name: string,
    question: unknown,
    options: AskOptions,
    done: AskOutcome,
  ): void;
  answer(asked: Envelope, by: Pid, answer: unknown): void;
  answerFailure(asked: Envelope, by: Pid, failure: AskFailure, detail: string): void;
  refuse(envelope: Envelope, to: Pid, reason: DeadLetterReason, detail: string): void;
  spawn(
    parent: Cell | undefined,
    definition: ActorDefinition<Protocol, unknown>,
    options: unknown,
    spawnOptions: SpawnOptions,
  ): Pid;
  link(watcher: Cell, target: Pid): void;
  unlink(watcher: Cell, target: Pid): void;
  stop(pid: Pid, drain: boolean): void;
  ended(cell: Cell, reason: ExitReason): void;
  deferStarted(): void;
  deferSettled(): void;
}
