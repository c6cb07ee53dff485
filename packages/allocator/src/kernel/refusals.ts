// Refusals (decline filters): which bundle of which agent a client does not want to see again, until when.
import { invariant } from '@kaon/primitives';
import { grownFloat64, grownInt32, NONE, rowsFor } from './columns.ts';
import type { ParcelPool, ParcelRows } from './parcels.ts';

/** One refusal in a snapshot. */
export interface RefusalRecord {
  readonly client: number;
  readonly agent: number;
  readonly expiresMs: number;
  readonly rows: ParcelRows;
}

/**
 * Refusals chained by agent.
 *
 * A pass `open`s one agent at a time: that walks the agent's chain once, drops what has expired or
 * was revived, and makes `find` a lookup for every client. Reviving a client is O(1): it starts a new
 * era, and refusals of older eras are dead. At most `refusalsMax` are kept; beyond that a refusal is
 * not remembered, which costs its framework one repeated offer, and is counted.
 */
export class RefusalTable {
  readonly #pool: ParcelPool;
  readonly #refusalsMax: number;
  #rows = 0;
  #vacant = NONE;
  #client = new Int32Array(0);
  #era = new Float64Array(0);
  #expiresMs = new Float64Array(0);
  #parcels = new Int32Array(0);
  /** Next refusal of the same agent. */
  #next = new Int32Array(0);
  /** Next refusal of the same agent and client, valid while the agent is open. */
  #nextOfClient = new Int32Array(0);
  #firstOfAgent = new Int32Array(0);
  #eraOfClient = new Float64Array(0);
  #openedFor = new Float64Array(0);
  #firstOfClient = new Int32Array(0);
  #opening = 0;
  /** Refusals kept, dead ones included until an opening meets them. */
  used = 0;
  /** Refusals not remembered because the table was full, since the start. */
  dropped = 0;

  constructor(pool: ParcelPool, refusalsMax: number) {
    this.#pool = pool;
    this.#refusalsMax = refusalsMax;
  }

  /** Makes room for rows up to these; call when agents or clients are added. */
  reserve(agents: number, clients: number): void {
    if (agents > this.#firstOfAgent.length) {
      const rows = rowsFor(agents - 1, this.#firstOfAgent.length);
      this.#firstOfAgent = grownInt32(this.#firstOfAgent, rows, NONE);
    }
    if (clients > this.#eraOfClient.length) {
      const rows = rowsFor(clients - 1, this.#eraOfClient.length);
      this.#eraOfClient = grownFloat64(this.#eraOfClient, rows);
      this.#openedFor = grownFloat64(this.#openedFor, rows);
      this.#firstOfClient = grownInt32(this.#firstOfClient, rows, NONE);
    }
  }

  /** Remembers that `client` refused `rows` on `agent` until `expiresMs`. */
  add(client: number, agent: number, expiresMs: number, rows: ParcelRows): void {
    invariant(client < this.#eraOfClient.length, 'a refusing client is known');
    if (this.used >= this.#refusalsMax) {
      this.dropped += 1;
      return;
    }
    const slot = this.#take();
    this.#client[slot] = client;
    this.#era[slot] = this.#eraOfClient[client]!;
    this.#expiresMs[slot] = expiresMs;
    this.#parcels[slot] = this.#pool.store(rows);
    this.#next[slot] = this.#firstOfAgent[agent]!;
    this.#firstOfAgent[agent] = slot;
  }

  /** Forgets every refusal of `client`. Also when its row goes to another client. */
  revive(client: number): void {
    this.#eraOfClient[client] = this.#eraOfClient[client]! + 1;
  }

  /** Forgets every refusal about `agent`. */
  forgetAgent(agent: number): void {
    let slot = this.#firstOfAgent[agent]!;
    while (slot !== NONE) {
      const following = this.#next[slot]!;
      this.#free(slot);
      slot = following;
    }
    this.#firstOfAgent[agent] = NONE;
  }

  /** Prepares `find` for `agent` and drops its dead refusals. */
  open(agent: number, nowMs: number): void {
    this.#opening += 1;
    let previous = NONE;
    let slot = this.#firstOfAgent[agent]!;
    while (slot !== NONE) {
      const following = this.#next[slot]!;
      if (this.#isAlive(slot, nowMs) && !this.#isRepeated(slot)) {
        const client = this.#client[slot]!;
        this.#nextOfClient[slot] = this.find(client);
        this.#openedFor[client] = this.#opening;
        this.#firstOfClient[client] = slot;
        previous = slot;
      } else {
        if (previous === NONE) this.#firstOfAgent[agent] = following;
        else this.#next[previous] = following;
        this.#free(slot);
      }
      slot = following;
    }
  }

  /** The first refusal of `client` about the opened agent, or `NONE`. */
  find(client: number): number {
    return this.#openedFor[client] === this.#opening ? this.#firstOfClient[client]! : NONE;
  }

  /** Another refusal of the same client and agent, or `NONE`. */
  findNext(refusal: number): number {
    return this.#nextOfClient[refusal]!;
  }

  /** The chain of parcels that `refusal` is about. */
  parcelsOf(refusal: number): number {
    return this.#parcels[refusal]!;
  }

  /** Living refusals of `agent`, oldest first, for snapshots. */
  recordsOf(agent: number): RefusalRecord[] {
    const records: RefusalRecord[] = [];
    for (let slot = this.#firstOfAgent[agent]!; slot !== NONE; slot = this.#next[slot]!) {
      if (!this.#isAlive(slot, Number.NEGATIVE_INFINITY)) continue;
      records.push({
        client: this.#client[slot]!,
        agent,
        expiresMs: this.#expiresMs[slot]!,
        rows: this.#pool.rows(this.#parcels[slot]!),
      });
    }
    return records.reverse();
  }

  #isAlive(slot: number, nowMs: number): boolean {
    return (
      this.#era[slot] === this.#eraOfClient[this.#client[slot]!] && this.#expiresMs[slot]! > nowMs
    );
  }

  /** Whether a newer refusal of the same client, met earlier in this opening, says as much for as long. */
  #isRepeated(slot: number): boolean {
    let newer = this.find(this.#client[slot]!);
    while (newer !== NONE) {
      const outlives = this.#expiresMs[newer]! >= this.#expiresMs[slot]!;
      if (outlives && this.#covers(newer, slot)) return true;
      newer = this.#nextOfClient[newer]!;
    }
    return false;
  }

  #covers(newer: number, older: number): boolean {
    const parcels = this.#parcels[newer]!;
    for (let slot = this.#parcels[older]!; slot !== NONE; slot = this.#pool.next[slot]!) {
      if (!this.#pool.isCovered(slot, parcels)) return false;
    }
    return true;
  }

  #free(slot: number): void {
    this.#pool.releaseChain(this.#parcels[slot]!);
    this.#next[slot] = this.#vacant;
    this.#vacant = slot;
    this.used -= 1;
  }

  #take(): number {
    this.used += 1;
    if (this.#vacant === NONE) this.#grow();
    const slot = this.#vacant;
    this.#vacant = this.#next[slot]!;
    return slot;
  }

  #grow(): void {
    const from = this.#rows;
    this.#rows = rowsFor(from, from);
    this.#client = grownInt32(this.#client, this.#rows);
    this.#era = grownFloat64(this.#era, this.#rows);
    this.#expiresMs = grownFloat64(this.#expiresMs, this.#rows);
    this.#parcels = grownInt32(this.#parcels, this.#rows);
    this.#next = grownInt32(this.#next, this.#rows);
    this.#nextOfClient = grownInt32(this.#nextOfClient, this.#rows);
    for (let slot = this.#rows - 1; slot >= from; slot -= 1) {
      this.#next[slot] = this.#vacant;
      this.#vacant = slot;
    }
  }
}
