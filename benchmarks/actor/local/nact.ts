// nact: stateful actors under one system, each with a name (generated ones collide at these numbers).
import { dispatch, query, type Ref, spawn, start, stop } from 'nact';
import type { Runtime } from './workloads.ts';

interface Message {
  readonly kind: string;
  readonly body: number;
  readonly from?: Ref<number>;
}

const ASK_TIMEOUT_MS = 5000;
const system = start();
let spawned = 0;

function spawnNamed(receive: (message: Message, self: Ref<Message>) => void): Ref<Message> {
  spawned += 1;
  return spawn(
    system,
    (state: number, message: Message, ctx) => {
      receive(message, ctx.self);
      return state + 1;
    },
    `a${spawned}`,
    { initialState: 0 },
  ) as Ref<Message>;
}

export const nactRuntime: Runtime<Ref<Message>> = {
  spawn: (receive) => spawnNamed((message) => receive(message.body)),
  send: (to, body) => dispatch(to, { kind: 'message', body }),
  spawnStopping: (stopping) =>
    spawnNamed((_message, self) => {
      stop(self);
      stopping();
    }),
  spawnAnswering: () =>
    spawnNamed((message) => message.from !== undefined && dispatch(message.from, message.body + 1)),
  ask: (to, body) =>
    query(to, (from: Ref<number>) => ({ kind: 'question', body, from }), ASK_TIMEOUT_MS),
  close: () => stop(system),
};
