// Planted bugs: a transport that breaks its promises now and then, to see that the campaign notices.
import type { Transport, TransportHost, WireMessage } from '@kaon/actor';
import type { Simulation } from '@kaon/testkit';

/** A promise to break. */
export type Sabotage =
  /** A message vanishes, and nobody counts it. */
  | 'lose'
  /** A message leaves after the one that was sent after it. */
  | 'swap'
  /** A message leaves twice. */
  | 'repeat'
  /** The end of an actor is told while it lives. */
  | 'phantomExit'
  /** The end of an actor is not told to its peers. */
  | 'silentExit';

/** All of them. */
export const SABOTAGES: readonly Sabotage[] = [
  'lose',
  'swap',
  'repeat',
  'phantomExit',
  'silentExit',
];

/** Every so many messages or signals one is tampered with. */
const EVERY = 10;

/** A message that nothing overtakes leaves after so long all the same: it is swapped, not lost. */
const KEPT_MAX_MS = 1;

/** A transport over the network of `sim` with a bug in it. */
export function sabotaged(kind: Sabotage, sim: Simulation): (host: TransportHost) => Transport {
  let count = 0;
  const strikes = (): boolean => {
    count += 1;
    return count % EVERY === 0;
  };
  return (host) => {
    const inner = sim.network.join(host);
    let keptBack: WireMessage | undefined;
    const release = (message: WireMessage): void => {
      if (keptBack !== message) return;
      keptBack = undefined;
      inner.send(message);
    };
    const send = (message: WireMessage): void => {
      const former = keptBack;
      keptBack = undefined;
      if (kind === 'lose' && strikes()) return;
      if (kind === 'swap' && message.kind === 'message' && !former && strikes()) {
        keptBack = message;
        host.clock.setTimer(KEPT_MAX_MS, () => release(message));
        return;
      }
      inner.send(message);
      if (kind === 'repeat' && strikes()) inner.send(message);
      if (former) inner.send(former);
    };
    return {
      send,
      link: (watcher, target) => {
        inner.link(watcher, target);
        if (kind === 'phantomExit' && strikes()) host.receiveExited(watcher, target, 'failed');
      },
      unlink: (...link) => inner.unlink(...link),
      exited: (...end) => {
        if (kind !== 'silentExit' || !strikes()) inner.exited(...end);
      },
      close: () => inner.close(),
    };
  };
}
