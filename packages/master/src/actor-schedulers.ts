// Schedulers that speak to the master as actors: whose call is whose, and what is answered. The same checks
// and sentences as over HTTP.
import { type ActorContext, Pid } from '@kaon/actor';
import type { Decoded } from '@kaon/primitives';
import { idOf, type schedulerCallMessages } from '@kaon/protocol';
import {
  ActorSchedulerConnection,
  type SchedulerPeer,
  schedulerPeer,
} from './actor-scheduler-connection.ts';
import type { Counters } from './metrics/counters.ts';
import type {
  CallOutcome,
  CallRefusal,
  MasterProtocol,
  SchedulerQuestion,
  SubscribeQuestion,
} from './protocol.ts';
import { actorStreamId } from './scheduler-stream.ts';
import { validateSchedulerCall } from './validation/scheduler-call.ts';

/** A master that does not lead knows who does, or knows of nobody. */
export interface Following {
  /** PID of the leader. */
  readonly leader: string | undefined;
}

/** What arrives from a scheduler. */
export type SchedulerCallMessage = Decoded<typeof schedulerCallMessages.schedulerCall>;

/** What the master does with calls once they are found complete. */
export interface SchedulerDesk {
  /** Who leads instead of this master; undefined when this one does. */
  readonly following: () => Following | undefined;
  readonly subscribe: (question: SubscribeQuestion) => CallOutcome;
  readonly call: (question: SchedulerQuestion) => CallOutcome;
}

/** Statuses of refusals, as the HTTP API has them. */
const REFUSAL_STATUS: Readonly<Record<CallRefusal, number>> = {
  notReady: 503,
  notSubscribed: 403,
  invalid: 400,
  unsupported: 501,
};

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly leader?: string;
}

interface Line {
  readonly connection: ActorSchedulerConnection;
  /** Sequence the next call must have. */
  nextCall: number;
}

/** The lines of one master to schedulers, by their PID; as many as frameworks are subscribed this way. */
export class ActorSchedulers {
  readonly #ctx: ActorContext<MasterProtocol>;
  readonly #desk: SchedulerDesk;
  readonly #counters: Counters;
  readonly #lines = new Map<string, Line>();

  constructor(ctx: ActorContext<MasterProtocol>, desk: SchedulerDesk, counters: Counters) {
    this.#ctx = ctx;
    this.#desk = desk;
    this.#counters = counters;
  }

  /** Carries a call out, or says why not. */
  hear(message: SchedulerCallMessage, from: Pid): void {
    const { subscription, sequence, call, wantsAnswer } = message;
    const following = this.#desk.following();
    if (following !== undefined) return this.#redirect(message, from, following);
    const line = this.#lines.get(from.toString());
    if (call.type !== 'SUBSCRIBE' && line?.connection.subscription === subscription) {
      if (sequence !== line.nextCall) return this.#break(line);
      line.nextCall += 1;
    }
    const valid = validateSchedulerCall(call);
    const outcome: CallOutcome = valid.ok
      ? this.#carryOut(message, from, line)
      : {
          kind: 'refused',
          why: 'invalid',
          text: `Failed to validate scheduler::Call: ${valid.error}`,
        };
    if (outcome.kind === 'refused' || wantsAnswer) this.#answer(message, from, outcome);
  }

  /** A linked actor ended; whether it was a scheduler. */
  exited(pid: Pid): boolean {
    const line = this.#lines.get(pid.toString());
    line?.connection.abandon();
    return line !== undefined;
  }

  #carryOut(message: SchedulerCallMessage, from: Pid, line: Line | undefined): CallOutcome {
    const { subscription, call } = message;
    const { subscribe } = call;
    if (call.type === 'SUBSCRIBE' && subscribe !== undefined) {
      return this.#subscribe(message, subscribe, from, line);
    }
    const streamId = actorStreamId(from.toString(), subscription);
    return this.#desk.call({ call, streamId });
  }

  #subscribe(
    { subscription, sequence, call }: SchedulerCallMessage,
    subscribe: SubscribeQuestion['subscribe'],
    from: Pid,
    former: Line | undefined,
  ): CallOutcome {
    if (former !== undefined && former.connection.subscription >= subscription) {
      return { kind: 'refused', why: 'invalid', text: 'The subscription is older than the last' };
    }
    const scheduler: Pid<SchedulerPeer> = new Pid(from.id, from.address, schedulerPeer);
    const connection = new ActorSchedulerConnection(this.#ctx, scheduler, subscription);
    const key = scheduler.toString();
    const line = { connection, nextCall: sequence + 1 };
    this.#lines.set(key, line);
    connection.onClosed(() => {
      if (this.#lines.get(key) !== line) return;
      this.#lines.delete(key);
      this.#ctx.unlink(scheduler);
    });
    // An empty id is no id, as over HTTP.
    const frameworkId = call.frameworkId?.value ? idOf<never>(call.frameworkId) : undefined;
    const outcome = this.#desk.subscribe({ frameworkId, subscribe, connection });
    // Only now: what the framework had before is replaced without being disconnected in between.
    former?.connection.abandon();
    if (outcome.kind === 'refused') connection.abandon();
    if (this.#lines.get(key) === line) {
      this.#ctx.unlink(scheduler);
      this.#ctx.link(scheduler);
    }
    return outcome;
  }

  /** Calls before this one never came: the scheduler must know, and start anew. */
  #break({ connection }: Line): void {
    this.#counters.add('schedulerStreamsBroken');
    connection.end('calls were lost on the way to the master');
  }

  /** As over HTTP, before the call is looked at. */
  #redirect(message: SchedulerCallMessage, from: Pid, { leader }: Following): void {
    const answer =
      leader === undefined
        ? { status: 503, text: 'No leader elected' }
        : { status: 307, text: 'Another master leads', leader };
    this.#tell(message, from, answer);
  }

  #answer(message: SchedulerCallMessage, from: Pid, outcome: CallOutcome): void {
    const answer =
      outcome.kind === 'refused'
        ? { status: REFUSAL_STATUS[outcome.why], text: outcome.text }
        : { status: outcome.kind === 'done' ? 200 : 202, text: '' };
    this.#tell(message, from, answer);
  }

  #tell({ subscription, sequence }: SchedulerCallMessage, from: Pid, answer: Answer): void {
    const scheduler: Pid<SchedulerPeer> = new Pid(from.id, from.address, schedulerPeer);
    this.#ctx.send(scheduler, 'schedulerAnswer', { subscription, sequence, ...answer });
  }
}
