// Who is told when whom ends, across this system and its peers. Each cell keeps its own links; the
// index here is by the place of the peer, so that a broken connection costs only the links over it.
import { errorText } from '@kaon/primitives';
import type { ExitReason } from './behaviour.ts';
import type { Cell } from './cell.ts';
import { ActorFailedError } from './errors.ts';
import type { Pid } from './pid.ts';
import type { Places } from './places.ts';

/** Links from peers that may exist at once; a link beyond is told `unreachable`. */
export const REMOTE_WATCHERS_MAX = 1_000_000;

/** Longest text of an error that is told across a border, in characters. */
export const EXIT_DETAIL_CHARACTERS_MAX = 1000;

/** What links need of their system. */
export interface LinksHost {
  readonly places: Places;
  localCell(pid: Pid): Cell | undefined;
}

/** The links of one system that touch it from outside or lead out of it. */
export class Links {
  readonly #host: LinksHost;
  readonly #remoteWatchersMax: number;
  /** Local actors and what they watch at each peer. */
  readonly #watching: PeerIndex<Cell>;
  /** Local actors and who watches them from each peer. */
  readonly #watched: PeerIndex<Cell>;
  /** Actors in threads of this system and who watches them from elsewhere: told when a thread dies. */
  readonly #relayed: PeerIndex<Pid>;
  /** Links from peers that were refused because too many existed. */
  refused = 0;

  constructor(host: LinksHost, remoteWatchersMax = REMOTE_WATCHERS_MAX) {
    this.#host = host;
    this.#remoteWatchersMax = remoteWatchersMax;
    this.#watching = new PeerIndex(host.places, (cell) => cell.pid.id);
    this.#watched = new PeerIndex(host.places, (cell) => cell.pid.id);
    this.#relayed = new PeerIndex(host.places, (pid) => pid.toString());
  }

  /** Links that cross the border, both ways. */
  get remoteCount(): number {
    return this.#watching.size + this.#watched.size + this.#relayed.size;
  }

  /** `watcher` wants to hear of the end of `target`; told at once when there is nothing to watch. */
  link(watcher: Cell, target: Pid): void {
    const { places } = this.#host;
    const cell = this.#host.localCell(target);
    if (cell) return cell.addWatcher(watcher.pid);
    if (places.isHere(target)) return watcher.linkEnded(target, 'stopped', undefined);
    const transport = places.transportTo(target);
    if (!transport) return watcher.linkEnded(target, 'unreachable', undefined);
    this.#watching.add(watcher, target);
    transport.link(watcher.pid, target);
  }

  unlink(watcher: Cell, target: Pid): void {
    const { places } = this.#host;
    if (places.isHere(target)) {
      this.#host.localCell(target)?.removeWatcher(watcher.pid);
      return;
    }
    // Gone from the index: the peer has told its end, or is lost.
    if (this.#watching.remove(watcher, target)) {
      places.transportTo(target)?.unlink(watcher.pid, target);
    }
  }

  /** A peer's actor links to `target` here, or in a thread that is reached through here. */
  receiveLink(watcher: Pid, target: Pid): void {
    const { places } = this.#host;
    if (places.isHere(watcher)) return;
    if (!places.isHere(target)) return this.#relayLink(watcher, target);
    const cell = this.#host.localCell(target);
    if (!cell) return this.#tellPeer(watcher, target, 'stopped', '');
    if (!this.#hasRoom()) return this.#tellPeer(watcher, target, 'unreachable', '');
    cell.addWatcher(watcher);
    this.#watched.add(cell, watcher);
  }

  receiveUnlink(watcher: Pid, target: Pid): void {
    const { places } = this.#host;
    if (!places.isHere(target)) {
      this.#relayed.remove(watcher, target);
      places.transportTo(target)?.unlink(watcher, target);
      return;
    }
    const cell = this.#host.localCell(target);
    if (!cell || places.isHere(watcher)) return;
    cell.removeWatcher(watcher);
    this.#watched.remove(cell, watcher);
  }

  /** A peer says that its `target` ended. */
  receiveExited(watcher: Pid, target: Pid, reason: ExitReason, detail: string): void {
    const { places } = this.#host;
    if (places.isHere(target)) return;
    if (!places.isHere(watcher)) {
      this.#relayed.remove(watcher, target);
      return this.#tellPeer(watcher, target, reason, detail);
    }
    const cell = this.#host.localCell(watcher);
    if (!cell || !this.#watching.remove(cell, target)) return;
    const error =
      reason === 'failed'
        ? new ActorFailedError(target.toString(), detail.slice(0, EXIT_DETAIL_CHARACTERS_MAX))
        : undefined;
    cell.linkEnded(target, reason, error);
  }

  /** Tells everyone who watches `cell` that it ended. */
  ended(cell: Cell, reason: ExitReason, error: Error | undefined): void {
    const detail = error === undefined ? '' : errorText(error).slice(0, EXIT_DETAIL_CHARACTERS_MAX);
    for (const watcher of cell.watchers()) {
      if (this.#host.places.isHere(watcher)) {
        this.#host.localCell(watcher)?.linkEnded(cell.pid, reason, error);
      } else {
        this.#watched.remove(cell, watcher);
        this.#tellPeer(watcher, cell.pid, reason, detail);
      }
    }
  }

  /** The connection to `place` broke. */
  peerLost(place: string): void {
    for (const { local, peer } of this.#watched.take(place)) local.removeWatcher(peer);
    for (const { local, peer } of this.#watching.take(place)) {
      local.linkEnded(peer, 'unreachable', undefined);
    }
    for (const { local, peer } of this.#relayed.take(place)) {
      this.#tellPeer(local, peer, 'unreachable', '');
    }
    // The threads hear of the lost place themselves.
    this.#relayed.removeWhere((watcher) => this.#host.places.placeOf(watcher) === place);
  }

  /** Only links from other nodes are kept: threads are told of a lost place themselves. */
  #relayLink(watcher: Pid, target: Pid): void {
    const { places } = this.#host;
    const transport = places.transportTo(target);
    if (!transport) return this.#tellPeer(watcher, target, 'unreachable', '');
    if (!places.isInProcess(watcher)) {
      if (!this.#hasRoom()) return this.#tellPeer(watcher, target, 'unreachable', '');
      this.#relayed.add(watcher, target);
    }
    transport.link(watcher, target);
  }

  #hasRoom(): boolean {
    if (this.#watched.size + this.#relayed.size < this.#remoteWatchersMax) return true;
    this.refused += 1;
    return false;
  }

  #tellPeer(watcher: Pid, target: Pid, reason: ExitReason, detail: string): void {
    this.#host.places.transportTo(watcher)?.exited(watcher, target, reason, detail);
  }
}

interface PeerLink<L> {
  readonly local: L;
  readonly peer: Pid;
}

/** Pairs of one on this side and a peer's PID, by the peer's place. */
class PeerIndex<L> {
  readonly #places: Places;
  readonly #idOf: (local: L) => string;
  readonly #byPlace = new Map<string, Map<string, PeerLink<L>>>();
  size = 0;

  constructor(places: Places, idOf: (local: L) => string) {
    this.#places = places;
    this.#idOf = idOf;
  }

  add(local: L, peer: Pid): void {
    const place = this.#places.placeOf(peer);
    let links = this.#byPlace.get(place);
    if (!links) {
      links = new Map();
      this.#byPlace.set(place, links);
    }
    const sizeBefore = links.size;
    links.set(this.#key(local, peer), { local, peer });
    this.size += links.size - sizeBefore;
  }

  remove(local: L, peer: Pid): boolean {
    const place = this.#places.placeOf(peer);
    const links = this.#byPlace.get(place);
    if (!links?.delete(this.#key(local, peer))) return false;
    this.size -= 1;
    if (links.size === 0) this.#byPlace.delete(place);
    return true;
  }

  take(place: string): readonly PeerLink<L>[] {
    const links = this.#byPlace.get(place);
    if (!links) return [];
    this.#byPlace.delete(place);
    this.size -= links.size;
    return [...links.values()];
  }

  removeWhere(isGone: (local: L) => boolean): void {
    for (const links of [...this.#byPlace.values()]) {
      for (const { local, peer } of [...links.values()])
        if (isGone(local)) this.remove(local, peer);
    }
  }

  /** Ids hold no white space. */
  #key(local: L, peer: Pid): string {
    return `${this.#idOf(local)} ${peer.id}`;
  }
}
