// `SchedulerConnection` by actor messages: an actor of its own holds the line, an iteration reads from it.
import type { ActorSystem, Pid } from '@kaon/actor';
import { Ring, uuid } from '@kaon/primitives';
import type { CallSettled, Located } from './actor-line.ts';
import type {
  SchedulerCall,
  SchedulerConnection,
  SchedulerSignal,
  Subscription,
} from './connection.ts';
import { MasterAddressError, NotSubscribedError } from './errors.ts';
import { type LineHolderOptions, lineHolder, type lineHolderProtocol } from './line-holder.ts';
import { locateByAddress } from './locate-master.ts';
import { parseMasters } from './master-address.ts';

/** Signals that wait for their reader; beyond, the subscription is given up and made anew. */
const SIGNALS_MAX = 100_000;
const MAILBOX_MAX = 200_000;

/** Options of `ActorSchedulerConnection`. */
export interface ActorConnectionOptions {
  /** The system its actor lives in; it must reach the master's. */
  readonly system: ActorSystem;
  /** `host:port` of the master's actor system, exactly; or several with commas, tried in turn. */
  readonly master: string;
}

/** The line to the leading master of a Kaon cluster. See `SchedulerConnection` for the contract. */
export class ActorSchedulerConnection implements SchedulerConnection {
  readonly #system: ActorSystem;
  readonly #locate: (attempt: number) => Located;
  readonly #signals = new Ring<SchedulerSignal>();
  #pid: Pid<typeof lineHolderProtocol> | undefined;
  #isSubscribed = false;
  #isClosed = false;
  #error: Error | undefined;
  #wake: (() => void) | undefined;

  /** @throws {MasterAddressError} */
  constructor({ system, master }: ActorConnectionOptions) {
    const masters = parseMasters(master);
    if (!masters.ok) throw new MasterAddressError(master, masters.error);
    this.#system = system;
    this.#locate = locateByAddress(masters.value);
  }

  /** PID of the actor that subscribes; undefined until `subscribe`. */
  get pid(): Pid | undefined {
    return this.#pid;
  }

  async *subscribe(subscription: Subscription): AsyncGenerator<SchedulerSignal, void, undefined> {
    if (this.#isClosed) return;
    const options: LineHolderOptions = {
      subscription,
      locate: this.#locate,
      onSignal: (signal) => this.#take(signal),
      onRefused: (error) => {
        this.#error = error;
        this.#wake?.();
      },
    };
    const id = `scheduler-${uuid(this.#system.random)}`;
    this.#pid = this.#system.spawn(lineHolder, options, { id, mailboxMax: MAILBOX_MAX });
    try {
      for (;;) {
        const signal = this.#signals.shift();
        if (signal !== undefined) {
          yield signal;
          if (signal.kind === 'event' && signal.event.error !== undefined) return;
        } else if (this.#error !== undefined) {
          throw this.#error;
        } else if (this.#isClosed) {
          return;
        } else {
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
          this.#wake = undefined;
        }
      }
    } finally {
      this.close();
    }
  }

  call(call: SchedulerCall): Promise<void> {
    const pid = this.#pid;
    if (pid === undefined || this.#isClosed || !this.#isSubscribed) {
      return Promise.reject(new NotSubscribedError(call.type));
    }
    return new Promise((resolve, reject) => {
      const settled: CallSettled = (error) => (error === undefined ? resolve() : reject(error));
      this.#system.send(pid, 'call', { call, settled });
    });
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#isSubscribed = false;
    // Calls made before still go out.
    if (this.#pid !== undefined) this.#system.stop(this.#pid, { drain: true });
    this.#wake?.();
  }

  #take(signal: SchedulerSignal): void {
    if (signal.kind === 'event') {
      if (signal.event.subscribed !== undefined) this.#isSubscribed = true;
      if (signal.event.error !== undefined) this.#isSubscribed = false;
    } else {
      this.#isSubscribed = false;
    }
    this.#signals.push(signal);
    if (this.#signals.size === SIGNALS_MAX && this.#pid !== undefined) {
      const reason = 'events come faster than the scheduler takes them';
      this.#system.send(this.#pid, 'abandon', { reason });
    }
    this.#wake?.();
  }
}
