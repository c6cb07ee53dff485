// comedy, in its in-memory mode: children of the root actor, started and destroyed by promises.
import { type ActorRef, createSystem } from 'comedy';
import type { Runtime } from './workloads.ts';

// `test` only silences its log. Long stack traces and the overload probe stay off, as by default.
const system = createSystem({ test: true, forceInMemory: true });
const root = await system.rootActor();

export const comedyRuntime: Runtime<ActorRef> = {
  spawn: (receive) => root.createChild({ message: receive }),
  send: (to, body) => void to.send('message', body),
  async spawnStopping(stopping) {
    const child: ActorRef = await root.createChild({
      // It cannot await its own end: it is destroyed once its handlers have returned.
      message: () => void child.destroy().then(stopping),
    });
    return child;
  },
  spawnAnswering: () => root.createChild({ question: (body: number) => body + 1 }),
  ask: (to, body) => to.sendAndReceive('question', body),
  close: () => system.destroy(),
};
