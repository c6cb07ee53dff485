// The floor: what plain JavaScript needs for mailboxes. Ring mailboxes, one run queue, a batch per turn,
// one microtask to start. No supervision, links, timers, names, limits or yielding: nothing that makes
// a runtime useful, so that no runtime on Node can be much faster.
import type { Runtime } from './workloads.ts';

const BATCH = 64;

interface Message {
  readonly kind: string;
  readonly body: number;
  readonly answer: ((value: number) => void) | undefined;
}

/** First in, first out, in an array of a power of two that doubles when full. */
class RingQueue<T> {
  #items: (T | undefined)[] = new Array(4).fill(undefined);
  #head = 0;
  size = 0;

  push(item: T): void {
    if (this.size === this.#items.length) this.#grow();
    this.#items[(this.#head + this.size) & (this.#items.length - 1)] = item;
    this.size += 1;
  }

  shift(): T {
    const item = this.#items[this.#head] as T;
    this.#items[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#items.length - 1);
    this.size -= 1;
    return item;
  }

  #grow(): void {
    const { length } = this.#items;
    const items = new Array<T | undefined>(length * 2).fill(undefined);
    for (let index = 0; index < length; index += 1) {
      items[index] = this.#items[(this.#head + index) & (length - 1)];
    }
    this.#items = items;
    this.#head = 0;
  }
}

class FloorActor {
  readonly receive: (message: Message) => void;
  readonly mailbox = new RingQueue<Message>();
  isAlive = true;
  isQueued = false;

  constructor(receive: (message: Message) => void) {
    this.receive = receive;
  }
}

const ready = new RingQueue<FloorActor>();
let isRunning = false;

function send(to: FloorActor, message: Message): void {
  to.mailbox.push(message);
  if (to.isQueued) return;
  to.isQueued = true;
  ready.push(to);
  if (isRunning) return;
  isRunning = true;
  queueMicrotask(runAll);
}

function runAll(): void {
  while (ready.size > 0) {
    const actor = ready.shift();
    const { mailbox } = actor;
    for (let turn = 0; turn < BATCH && mailbox.size > 0 && actor.isAlive; turn += 1) {
      actor.receive(mailbox.shift());
    }
    if (mailbox.size > 0 && actor.isAlive) ready.push(actor);
    else actor.isQueued = false;
  }
  isRunning = false;
}

function spawnStopping(stopping: () => void): FloorActor {
  let sum = 0;
  const actor: FloorActor = new FloorActor((message) => {
    sum += message.body;
    actor.isAlive = false;
    if (sum > 0) stopping();
  });
  return actor;
}

function spawnAnswering(): FloorActor {
  return new FloorActor(({ body, answer }) => answer?.(body + 1));
}

/** Questions carry a number, answers come back as messages and find who waits for them in a map. */
function askInside(count: number): Promise<void> {
  return new Promise((resolve) => {
    const waiting = new Map<number, (value: number) => void>();
    const answering = new FloorActor(({ body }) =>
      send(asking, { kind: 'answer', body, answer: undefined }),
    );
    const askNext = (id: number): void => {
      waiting.set(id, () => (id === count ? resolve() : askNext(id + 1)));
      send(answering, { kind: 'question', body: id, answer: undefined });
    };
    const asking = new FloorActor(({ kind, body }) => {
      if (kind === 'start') return askNext(1);
      const told = waiting.get(body);
      waiting.delete(body);
      return told?.(body);
    });
    send(asking, { kind: 'start', body: 0, answer: undefined });
  });
}

export const floorRuntime: Runtime<FloorActor> = {
  spawn: (receive) => new FloorActor((message) => receive(message.body)),
  send: (to, body) => send(to, { kind: 'message', body, answer: undefined }),
  spawnStopping,
  spawnAnswering,
  ask: (to, body) =>
    new Promise((resolve) => send(to, { kind: 'question', body, answer: resolve })),
  askInside,
};
