// Who is told when whom ends, across this system and its peers. Each cell keeps its own links; the
// index here is by peer, so that a broken connection costs only the links that went over it.
import type { ExitReason } from './behaviour.ts';
import type { Cell } from './cell.ts';
import type { Pid } from './pid.ts';
import type { Transport } from './transport.ts';

/** Links from peers that may exist at once; a link beyond is told `unreachable`. */
export const REMOTE_WATCHERS_MAX = 1_000_000;

/** What links need of their system. */
export interface LinksHost {
  readonly address: string;
  localCell(pid: Pid): Cell | undefined;
  transport(): Transport | undefined;
}

/** The links of one system that touch it from outside or lead out of it. */
export class Links {
  readonly #host: LinksHost;
  readonly #remoteWatchersMax: number;
  /** Local actors and what they watch at each peer. */
  readonly #watching = new PeerIndex();
  /** Local actors and who watches them from each peer. */
  readonly #watched = new PeerIndex();
  /** Links from peers that were refused because too many existed. */
  refused = 0;

  constructor(host: LinksHost, remoteWatchersMax = REMOTE_WATCHERS_MAX) {
    this.#host = host;
    this.#remoteWatchersMax = remoteWatchersMax;
  }

  /** Links that cross the border, both ways. */
  get remoteCount(): number {
    return this.#watching.size + this.#watched.size;
  }

  /** `watcher` wants to hear of the end of `target`; told at once when there is nothing to watch. */
  link(watcher: Cell, target: Pid): void {
    if (target.address === this.#host.address) {
      const cell = this.#host.localCell(target);
      if (cell) cell.addWatcher(watcher.pid);
      else watcher.linkEnded(target, 'stopped');
      return;
    }
    const transport = this.#host.transport();
    if (!transport) return watcher.linkEnded(target, 'unreachable');
    this.#watching.add(watcher, target);
    transport.link(watcher.pid, target);
  }

  unlink(watcher: Cell, target: Pid): void {
    if (target.address === this.#host.address) {
      this.#host.localCell(target)?.removeWatcher(watcher.pid);
      return;
    }
    // Gone from the index: the peer has told its end, or is lost.
    if (this.#watching.remove(watcher, target)) {
      this.#host.transport()?.unlink(watcher.pid, target);
    }
  }

  /** A peer's actor links to `target` here. */
  receiveLink(watcher: Pid, target: Pid): void {
    if (watcher.address === this.#host.address) return;
    const cell = this.#host.localCell(target);
    if (!cell) return this.#tellPeer(watcher, target, 'stopped');
    if (this.#watched.size >= this.#remoteWatchersMax) {
      this.refused += 1;
      return this.#tellPeer(watcher, target, 'unreachable');
    }
    cell.addWatcher(watcher);
    this.#watched.add(cell, watcher);
  }

  receiveUnlink(watcher: Pid, target: Pid): void {
    const cell = this.#host.localCell(target);
    if (!cell || watcher.address === this.#host.address) return;
    cell.removeWatcher(watcher);
    this.#watched.remove(cell, watcher);
  }

  /** A peer says that its `target` ended. */
  receiveExited(watcher: Pid, target: Pid, reason: ExitReason): void {
    if (target.address === this.#host.address) return;
    const cell = this.#host.localCell(watcher);
    if (cell && this.#watching.remove(cell, target)) cell.linkEnded(target, reason);
  }

  /** Tells everyone who watches `cell` that it ended. */
  ended(cell: Cell, reason: ExitReason): void {
    for (const watcher of cell.watchers()) {
      if (watcher.address === this.#host.address) {
        this.#host.localCell(watcher)?.linkEnded(cell.pid, reason);
      } else {
        this.#watched.remove(cell, watcher);
        this.#tellPeer(watcher, cell.pid, reason);
      }
    }
  }

  /** The connection to `address` broke. */
  peerLost(address: string): void {
    for (const { cell, pid } of this.#watched.take(address)) cell.removeWatcher(pid);
    for (const { cell, pid } of this.#watching.take(address)) cell.linkEnded(pid, 'unreachable');
  }

  #tellPeer(watcher: Pid, target: Pid, reason: ExitReason): void {
    this.#host.transport()?.exited(watcher, target, reason);
  }
}

interface PeerLink {
  readonly cell: Cell;
  readonly pid: Pid;
}

/** Pairs of a local cell and a peer's PID, by the peer's address. */
class PeerIndex {
  readonly #byAddress = new Map<string, Map<string, PeerLink>>();
  size = 0;

  add(cell: Cell, pid: Pid): void {
    let links = this.#byAddress.get(pid.address);
    if (!links) {
      links = new Map();
      this.#byAddress.set(pid.address, links);
    }
    const sizeBefore = links.size;
    links.set(linkKey(cell, pid), { cell, pid });
    this.size += links.size - sizeBefore;
  }

  remove(cell: Cell, pid: Pid): boolean {
    const links = this.#byAddress.get(pid.address);
    if (!links?.delete(linkKey(cell, pid))) return false;
    this.size -= 1;
    if (links.size === 0) this.#byAddress.delete(pid.address);
    return true;
  }

  take(address: string): readonly PeerLink[] {
    const links = this.#byAddress.get(address);
    if (!links) return [];
    this.#byAddress.delete(address);
    this.size -= links.size;
    return [...links.values()];
  }
}

/** Ids hold no white space. */
function linkKey(cell: Cell, pid: Pid): string {
  return `${cell.pid.id} ${pid.id}`;
}
