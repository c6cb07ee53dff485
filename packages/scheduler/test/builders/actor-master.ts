// A master that is an actor and played by the test: it sees every call of schedulers that speak to it as
// actors, and sends what events it likes.
import {
  type ActorContext,
  type ActorSystem,
  defineActor,
  defineProtocol,
  messages,
  Pid,
} from '@kaon/actor';
import {
  createMessage,
  type MessageInit,
  schedulerCallMessages,
  schedulerMessages,
  schedulerV1,
} from '@kaon/protocol';

const masterProtocol = defineProtocol({ ...messages(schedulerCallMessages) });
const schedulerProtocol = defineProtocol({ ...messages(schedulerMessages) });

const recordingMaster = defineActor(masterProtocol, (ctx, master: ActorMaster) => {
  master.ctx = ctx as ActorContext;
  return {
    receive: {
      schedulerCall: (message, from) => master.hear(message, from),
    },
  };
});

type CallMessage = Parameters<ActorMaster['hear']>[0];

export class ActorMaster {
  /** In whose name it speaks. */
  ctx!: ActorContext;
  readonly pid: Pid<typeof masterProtocol>;
  readonly messages: CallMessage[] = [];
  /** Answers `SUBSCRIBE`s in place of the test; undefined leaves them to it. */
  onSubscribe: ((message: CallMessage) => void) | undefined;
  #scheduler: Pid<typeof schedulerProtocol> | undefined;
  #subscription = 0;
  #events = 0;

  constructor(system: ActorSystem) {
    this.pid = system.spawn(recordingMaster, this, { id: 'master' });
  }

  /** All calls but the subscriptions. */
  get calls(): readonly schedulerV1.Call[] {
    return this.messages.map(({ call }) => call).filter(({ type }) => type !== 'SUBSCRIBE');
  }

  get subscriptions(): readonly schedulerV1.Call[] {
    return this.messages.map(({ call }) => call).filter(({ type }) => type === 'SUBSCRIBE');
  }

  get scheduler(): Pid<typeof schedulerProtocol> {
    if (this.#scheduler === undefined) throw new Error('nobody has called');
    return this.#scheduler;
  }

  hear(
    message: {
      readonly subscription: number;
      readonly sequence: number;
      readonly wantsAnswer: boolean;
      readonly call: schedulerV1.Call;
    },
    from: Pid,
  ): void {
    this.messages.push(message);
    this.#scheduler = new Pid(from.id, from.address, schedulerProtocol);
    if (message.call.type === 'SUBSCRIBE') {
      this.#subscription = message.subscription;
      this.#events = 0;
      this.onSubscribe?.(message);
    } else if (message.wantsAnswer) {
      this.answer(message.sequence, 202, '');
    }
  }

  event(init: MessageInit<schedulerV1.Event>): void {
    const sequence = this.#events;
    this.#events += 1;
    const event = createMessage<schedulerV1.Event>(schedulerV1.Event, init);
    const subscription = this.#subscription;
    this.ctx.send(this.scheduler, 'schedulerEvent', { subscription, sequence, event });
  }

  /** As if the next event had been lost on the way. */
  loseEvent(): void {
    this.#events += 1;
  }

  answer(sequence: number, status: number, text: string, leader?: string): void {
    const subscription = this.#subscription;
    const answer = { subscription, sequence, status, text };
    this.ctx.send(this.scheduler, 'schedulerAnswer', leader ? { ...answer, leader } : answer);
  }

  closeStream(reason: string): void {
    const subscription = this.#subscription;
    this.ctx.send(this.scheduler, 'schedulerClosed', { subscription, reason });
  }
}
