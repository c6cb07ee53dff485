// Systems that are threads of one another, connected in memory: the core's part of threads, without any.
import {
  type ActorSystem,
  createActorSystem,
  Pid,
  type Transport,
  type TransportHost,
  type WireMessage,
} from '@kaon/actor';
import type { Teardown } from './world.ts';

/** A transport that calls the host at its other end, one microtask later. */
function lineTo(other: () => TransportHost | undefined): Transport {
  const later = (act: (host: TransportHost) => void): void => {
    queueMicrotask(() => {
      const host = other();
      if (host) act(host);
    });
  };
  const text = (pid: Pid): Pid => new Pid(pid.id, pid.address);
  return {
    send: (message: WireMessage) =>
      later((host) => host.receive({ ...message, from: text(message.from), to: text(message.to) })),
    link: (watcher, target) => later((host) => host.receiveLink(text(watcher), text(target))),
    unlink: (watcher, target) => later((host) => host.receiveUnlink(text(watcher), text(target))),
    exited: (watcher, target, reason, detail) =>
      later((host) => host.receiveExited(text(watcher), text(target), reason, detail)),
    placeLost: (place) => later((host) => host.peerLost(place)),
    close: async () => undefined,
  };
}

export interface ThreadedWorld {
  /** At `a:1`; its threads are `worker-1/` and `worker-2/`. */
  readonly main: ActorSystem;
  readonly workers: readonly [ActorSystem, ActorSystem];
  /** At `b:2`: another node, connected with `main`. */
  readonly other: ActorSystem;
  /** The thread with this number is gone from one moment to the next. */
  kill(number: 1 | 2): void;
  /** The connection between the nodes breaks. */
  disconnect(): void;
}

/** A node with two threads, and another node. */
export function givenThreads(t: Teardown): ThreadedWorld {
  const hosts = new Map<string, TransportHost>();
  const keep = (name: string, to: string) => (host: TransportHost) => {
    hosts.set(name, host);
    return lineTo(() => hosts.get(to));
  };
  const main = createActorSystem({ address: 'a:1', transport: keep('a to b', 'b to a') });
  const other = createActorSystem({ address: 'b:2', transport: keep('b to a', 'a to b') });
  const startWorker = (number: number): ActorSystem => {
    const place = `worker-${number}/`;
    main.attach(place, keep(`main to ${number}`, `${number} to main`));
    const transport = keep(`${number} to main`, `main to ${number}`);
    return createActorSystem({ address: 'a:1', place, transport });
  };
  const workers = [startWorker(1), startWorker(2)] as const;
  t.teardown(async () => {
    for (const system of [...workers, main, other]) await system.shutdown();
  });
  return {
    main,
    workers,
    other,
    kill: (number) => {
      hosts.delete(`${number} to main`);
      hosts.delete(`main to ${number}`);
      workers[number - 1]?.halt();
      main.detach(`worker-${number}/`);
    },
    disconnect: () => {
      hosts.get('a to b')?.peerLost('b:2');
      hosts.get('b to a')?.peerLost('a:1');
    },
  };
}
