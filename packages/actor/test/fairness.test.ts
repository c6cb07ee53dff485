// Fairness on the real event loop: no actor starves another, a timer, a socket or setImmediate.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import {
  type ActorSystem,
  createActorSystem,
  defineActor,
  defineProtocol,
  message,
  type Pid,
} from '@kaon/actor';
import { decodeNothing } from '@kaon/primitives';
import t from 'tap';

const spinner = defineProtocol({ spin: message(decodeNothing) });

/** Sends to itself for ever. */
const floodActor = defineActor(spinner, (ctx, _options: undefined) => ({
  receive: { spin: () => ctx.send(ctx.self, 'spin', undefined) },
}));

/** Defers promises that are resolved already, for ever: each comes back in a microtask. */
const promiseActor = defineActor(spinner, (ctx, _options: undefined) => {
  const again = (): void => {
    ctx.defer(Promise.resolve(), again, again);
  };
  return { receive: { spin: again } };
});

/** Gives itself turns in the system lane for ever. */
const laneActor = defineActor(spinner, (ctx, _options: undefined) => {
  const again = (): void => {
    ctx.defer(again);
  };
  return { receive: { spin: again } };
});

const spinners = { floodActor, promiseActor, laneActor };

for (const [name, definition] of Object.entries(spinners)) {
  const givenSpinner = (t: { teardown(run: () => Promise<void>): void }): ActorSystem => {
    const system = createActorSystem();
    t.teardown(() => system.shutdown());
    system.send(system.spawn(definition, undefined), 'spin', undefined);
    return system;
  };

  t.test(`${name} leaves setImmediate and timers their chance`, async (t) => {
    givenSpinner(t);
    for (let round = 0; round < 20; round += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    t.pass('both came back twenty times');
  });

  t.test(`${name} leaves sockets their chance`, async (t) => {
    givenSpinner(t);
    const server = createServer((socket) => socket.pipe(socket));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    t.teardown(() => {
      socket.destroy();
      server.close();
    });
    for (let round = 0; round < 20; round += 1) {
      socket.write(`${round}`);
      const [bytes] = (await once(socket, 'data')) as [Buffer];
      t.equal(bytes.toString(), `${round}`);
    }
  });

  t.test(`${name} leaves other actors their turns`, async (t) => {
    const system = givenSpinner(t);
    const heard = await new Promise<boolean>((resolve) => {
      const quiet = defineActor(spinner, (_ctx, _options: undefined) => ({
        receive: { spin: () => resolve(true) },
      }));
      const pid: Pid<typeof spinner> = system.spawn(quiet, undefined);
      system.send(pid, 'spin', undefined);
    });
    t.ok(heard);
  });
}
