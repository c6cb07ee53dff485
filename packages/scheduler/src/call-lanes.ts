// In which order calls go out: one after the other, so that none overtakes another on a second socket;
// acknowledgements, whose order among each other and to the rest is free, several at a time beside them.
import { Ring } from '@kaon/primitives';

/** Acknowledgements under way at a time. */
const ACKNOWLEDGEMENTS_AT_ONCE = 16;

interface Lane {
  readonly waiting: Ring<() => Promise<void>>;
  readonly atOnceMax: number;
  atOnce: number;
}

/** Which lane a call takes. `last` waits until both lanes are empty. */
export type LaneName = 'ordered' | 'acknowledgement' | 'last';

/** Runs calls in their lanes. */
export class CallLanes {
  readonly #callsMax: number;
  readonly #ordered: Lane = { waiting: new Ring(), atOnceMax: 1, atOnce: 0 };
  readonly #acknowledgements: Lane = {
    waiting: new Ring(),
    atOnceMax: ACKNOWLEDGEMENTS_AT_ONCE,
    atOnce: 0,
  };
  #idle: (() => void)[] = [];

  /** At most `callsMax` calls wait or are under way. */
  constructor(callsMax: number) {
    this.#callsMax = callsMax;
  }

  /** Calls waiting or under way. */
  get size(): number {
    const { waiting, atOnce } = this.#ordered;
    const acknowledgements = this.#acknowledgements;
    return waiting.size + atOnce + acknowledgements.waiting.size + acknowledgements.atOnce;
  }

  /** Runs `call` in its turn and settles as it does; undefined when too many wait already. */
  run(name: LaneName, call: () => Promise<void>): Promise<void> | undefined {
    if (name === 'last') return this.#whenIdle().then(call);
    if (this.size >= this.#callsMax) return undefined;
    const lane = name === 'ordered' ? this.#ordered : this.#acknowledgements;
    return new Promise((resolve, reject) => {
      lane.waiting.push(() => call().then(resolve, reject));
      this.#advance(lane);
    });
  }

  #advance(lane: Lane): void {
    while (lane.atOnce < lane.atOnceMax) {
      const call = lane.waiting.shift();
      if (call === undefined) break;
      lane.atOnce += 1;
      void call().finally(() => {
        lane.atOnce -= 1;
        this.#advance(lane);
      });
    }
    if (this.size > 0) return;
    const idle = this.#idle;
    this.#idle = [];
    for (const resume of idle) resume();
  }

  async #whenIdle(): Promise<void> {
    while (this.size > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }
}
