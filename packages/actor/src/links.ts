// Who is told when whom ends, across this system and its peers. Each cell keeps its own links; the
// index here is by the place of the peer, so that a broken connection costs only the links over it.
//
// Every link to a peer is answered by exactly one exit: when its target ends, or when it is taken back.
// So who unlinked knows how many exits on their way are none of a newer link's.
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
    this.#watching = new PeerIndex(host.places);
    this.#watched = new PeerIndex(host.places);
    this.#relayed = new PeerIndex(host.places);
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
    this.#watching.link(watcher, target);
    transport.link(watcher.pid, target);
  }

  unlink(watcher: Cell, target: Pid): void {
    const { places } = this.#host;
    if (places.isHere(target)) {
      this.#host.localCell(target)?.removeWatcher(watcher.pid);
      return;
    }
    // Gone from the index: the peer has told its end, or is lost.
    if (this.#watching.unlink(watcher, target)) {
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
    this.#watched.link(cell, watcher);
  }

  receiveUnlink(watcher: Pid, target: Pid): void {
    const { places } = this.#host;
    if (!places.isHere(target)) {
      this.#relayed.unlink(watcher, target);
      places.transportTo(target)?.unlink(watcher, target);
      return;
    }
    const cell = this.#host.localCell(target);
    // Without it the exit was told already.
    if (!cell || places.isHere(watcher) || !this.#watched.remove(cell, watcher)) return;
    cell.removeWatcher(watcher);
    this.#tellPeer(watcher, target, 'stopped', '');
  }

  /** A peer says that its `target` ended. */
  receiveExited(watcher: Pid, target: Pid, reason: ExitReason, detail: string): void {
    const { places } = this.#host;
    if (places.isHere(target)) return;
    if (!places.isHere(watcher)) {
      this.#relayed.exited(watcher, target);
      return this.#tellPeer(watcher, target, reason, detail);
    }
    const cell = this.#watching.exited(watcher, target);
    if (!cell) return;
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
      this.#relayed.link(watcher, target);
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
  local: L;
  readonly peer: Pid;
  isLinked: boolean;
  /** Exits still to come of links that were taken back. */
  exitsToSkip: number;
}

/** What identifies the one on this side: a cell or a PID. */
type Local = { readonly pid: Pid } | Pid;

/** Links between one on this side and a peer's PID, by the peer's place. */
class PeerIndex<L extends Local> {
  readonly #places: Places;
  readonly #byPlace = new Map<string, Map<string, PeerLink<L>>>();
  size = 0;

  constructor(places: Places) {
    this.#places = places;
  }

  link(local: L, peer: Pid): void {
    const place = this.#places.placeOf(peer);
    let links = this.#byPlace.get(place);
    if (!links) {
      links = new Map();
      this.#byPlace.set(place, links);
    }
    const key = keyOf(local, peer);
    const known = links.get(key);
    if (known) {
      known.local = local;
      known.isLinked = true;
    } else {
      links.set(key, { local, peer, isLinked: true, exitsToSkip: 0 });
      this.size += 1;
    }
  }

  /** The link is taken back, and its exit is still to come. False when there was none. */
  unlink(local: L, peer: Pid): boolean {
    const link = this.#find(local, peer);
    if (!link?.isLinked) return false;
    link.isLinked = false;
    link.exitsToSkip += 1;
    return true;
  }

  /** An exit came: whose it is, unless it is of a link that was taken back. */
  exited(local: Local, peer: Pid): L | undefined {
    const link = this.#find(local, peer);
    if (!link) return undefined;
    if (link.exitsToSkip > 0) {
      link.exitsToSkip -= 1;
      if (!link.isLinked && link.exitsToSkip === 0) this.remove(local, peer);
      return undefined;
    }
    this.remove(local, peer);
    return link.local;
  }

  remove(local: Local, peer: Pid): boolean {
    const place = this.#places.placeOf(peer);
    const links = this.#byPlace.get(place);
    if (!links?.delete(keyOf(local, peer))) return false;
    this.size -= 1;
    if (links.size === 0) this.#byPlace.delete(place);
    return true;
  }

  /** Removes everything with peers at `place`, and returns the links that were not taken back. */
  take(place: string): readonly PeerLink<L>[] {
    const links = this.#byPlace.get(place);
    if (!links) return [];
    this.#byPlace.delete(place);
    this.size -= links.size;
    return [...links.values()].filter(({ isLinked }) => isLinked);
  }

  removeWhere(isGone: (local: L) => boolean): void {
    for (const links of [...this.#byPlace.values()]) {
      for (const { local, peer } of [...links.values()])
        if (isGone(local)) this.remove(local, peer);
    }
  }

  #find(local: Local, peer: Pid): PeerLink<L> | undefined {
    return this.#byPlace.get(this.#places.placeOf(peer))?.get(keyOf(local, peer));
  }
}

/** PIDs hold no white space. */
function keyOf(local: Local, peer: Pid): string {
  return `${'pid' in local ? local.pid : local} ${peer.id}`;
}
