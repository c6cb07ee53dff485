// A connection whose master is the test: it sees every call and sends what events it likes.
import { Ring } from '@kaon/primitives';
import {
  createMessage,
  type MessageInit,
  type Offer,
  schedulerV1,
  type TaskInfo,
  type TaskStatus,
} from '@kaon/protocol';
import type {
  SchedulerCall,
  SchedulerConnection,
  SchedulerSignal,
  Subscription,
} from '@kaon/scheduler';

export class FakeConnection implements SchedulerConnection {
  readonly calls: schedulerV1.Call[] = [];
  readonly #signals = new Ring<SchedulerSignal>();
  readonly #watchers: (() => void)[] = [];
  readonly #refusals: { type: string; error: Error }[] = [];
  #wake: (() => void) | undefined;
  #subscription: Subscription | undefined;
  isClosed = false;

  async *subscribe(subscription: Subscription): AsyncGenerator<SchedulerSignal, void, undefined> {
    this.#subscription = subscription;
    for (;;) {
      const signal = this.#signals.shift();
      if (signal !== undefined) {
        yield signal;
        if (signal.kind === 'event' && signal.event.error !== undefined) return;
      } else if (this.isClosed) {
        return;
      } else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }

  async call(call: SchedulerCall): Promise<void> {
    this.calls.push(createMessage<schedulerV1.Call>(schedulerV1.Call, call));
    for (const watch of this.#watchers.splice(0)) watch();
    const refusal = this.#refusals.findIndex(({ type }) => type === call.type);
    if (refusal >= 0) throw this.#refusals.splice(refusal, 1)[0]?.error;
  }

  close(): void {
    this.isClosed = true;
    this.#wake?.();
  }

  /** What the scheduler would subscribe with now. */
  get suppressedRoles(): readonly string[] {
    return this.#subscription?.suppressedRoles() ?? [];
  }

  get framework() {
    return this.#subscription?.framework();
  }

  /** The next call of this type is rejected with `error`. */
  refuseNext(type: schedulerV1.Call_Type, error: Error): void {
    this.#refusals.push({ type, error });
  }

  signal(signal: SchedulerSignal): void {
    this.#signals.push(signal);
    this.#wake?.();
  }

  event(event: MessageInit<schedulerV1.Event>): void {
    const whole = createMessage<schedulerV1.Event>(schedulerV1.Event, event);
    this.signal({ kind: 'event', event: whole });
  }

  subscribed(frameworkId = 'fw-1'): void {
    // Real connections ask for the roles at every attempt.
    this.#subscription?.suppressedRoles();
    this.event({
      type: 'SUBSCRIBED',
      subscribed: {
        frameworkId: { value: frameworkId },
        heartbeatIntervalSeconds: 15,
        masterInfo: { id: 'm', ip: 0, port: 5050, version: '1.12.0' },
      },
    });
  }

  offers(...offers: readonly Offer[]): void {
    this.event({ type: 'OFFERS', offers: { offers } });
  }

  update(taskId: string, status: Partial<TaskStatus> & Pick<TaskStatus, 'state'>): void {
    const update = { status: { taskId: { value: taskId }, ...status } };
    this.event({ type: 'UPDATE', update });
  }

  callsOf(type: schedulerV1.Call_Type): readonly schedulerV1.Call[] {
    return this.calls.filter((call) => call.type === type);
  }

  /** Resolves once `count` calls of this type were made; with the last of them. */
  async called(type: schedulerV1.Call_Type, count = 1): Promise<schedulerV1.Call> {
    for (;;) {
      const call = this.callsOf(type)[count - 1];
      if (call !== undefined) return call;
      await new Promise<void>((resolve) => this.#watchers.push(resolve));
    }
  }
}

/** All that can happen without outside help has happened. */
export async function settled(): Promise<void> {
  for (let round = 0; round < 5; round += 1) {
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}

/** An offer of one agent; amounts in whole units. */
export function offer(id: string, { cpus = 4, mem = 1024, agent = 'a1', role = '*' } = {}): Offer {
  const scalar = (name: string, value: number) => ({
    name,
    type: 'SCALAR' as const,
    scalar: { value },
    reservations: [],
    allocationInfo: { role },
  });
  return {
    id: { value: id },
    frameworkId: { value: 'fw-1' },
    agentId: { value: agent },
    hostname: `${agent}.example`,
    url: {
      scheme: 'http',
      address: { ip: '10.0.0.1', hostname: `${agent}.example`, port: 5051 },
      path: '/slave(1)',
      query: [],
    },
    resources: [scalar('cpus', cpus), scalar('mem', mem)],
    attributes: [],
    executorIds: [],
    allocationInfo: { role },
  };
}

/** The tasks an `ACCEPT` launches. */
export function launchedBy(call: schedulerV1.Call): readonly TaskInfo[] {
  return (call.accept?.operations ?? []).flatMap(({ launch }) => launch?.taskInfos ?? []);
}

/** A uuid that differs by `index`. */
export function updateUuid(index: number): Uint8Array {
  const bytes = new Uint8Array(16);
  bytes[6] = 0x40;
  bytes[15] = index;
  return bytes;
}
