// A subscriber that stops reading and later goes on: what it believes is what it was told last, by a snapshot or by
// an event.
import type { BodyEncoding } from '@kaon/http';
import { ChunkCutter, type Subscriber } from './subscriber.ts';
import { eventIn, type SeenEvent } from './tape.ts';

/** What it got when it read again. */
export interface CaughtUp {
  /** Snapshots it was dropped to. */
  readonly snapshots: number;
  /** Events of what it had missed or what came after the last snapshot. */
  readonly events: number;
  /** Tasks of which it was told things that contradict each other. */
  readonly misplaced: number;
}

/** Reads nothing until it is told to. */
export class Laggard {
  readonly #subscriber: Subscriber;
  readonly #encoding: BodyEncoding;
  readonly #chunks = new ChunkCutter(false);
  readonly #tasks: Map<string, string>;
  #running: number;
  #snapshots = 0;
  #events = 0;
  #misplaced = 0;

  /** `known` are the tasks it has heard of, by state. */
  constructor(subscriber: Subscriber, encoding: BodyEncoding, known: ReadonlyMap<string, string>) {
    this.#subscriber = subscriber;
    this.#encoding = encoding;
    this.#tasks = new Map(known);
    this.#running = known.size;
    subscriber.socket.pause();
  }

  /** Reads; resolves when it believes that `launched` tasks run. */
  catchUp(launched: number): Promise<CaughtUp> {
    return new Promise((resolve) => {
      this.#subscriber.onBytes = (bytes) => {
        this.#chunks.add(bytes);
        for (let chunk = this.#chunks.next(); chunk; chunk = this.#chunks.next()) {
          this.#take(eventIn(chunk, this.#encoding));
        }
        if (this.#running < launched) return;
        resolve({
          snapshots: this.#snapshots,
          events: this.#events,
          misplaced: this.#misplaced,
        });
      };
      this.#subscriber.socket.resume();
    });
  }

  #take({ task_added, task_updated, subscribed }: SeenEvent): void {
    if (subscribed !== undefined) {
      this.#snapshots += 1;
      this.#tasks.clear();
      for (const { task_id, state } of subscribed.get_state.get_tasks.tasks ?? []) {
        this.#tasks.set(task_id.value, state);
      }
      this.#running = [...this.#tasks.values()].filter((state) => state === 'TASK_RUNNING').length;
      return;
    }
    if (task_added !== undefined) {
      const { task_id, state } = task_added.task;
      if (this.#tasks.has(task_id.value)) this.#misplaced += 1;
      this.#tasks.set(task_id.value, state);
    }
    if (task_updated !== undefined) {
      const { status, state } = task_updated;
      if (this.#tasks.get(status.task_id.value) !== 'TASK_STAGING') this.#misplaced += 1;
      this.#tasks.set(status.task_id.value, state);
      this.#running += 1;
    }
    if (task_added !== undefined || task_updated !== undefined) this.#events += 1;
  }
}
