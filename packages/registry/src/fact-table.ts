// Facts in memory: the durable ones, and an overlay in which a batch of operations sees its own writes.
import {
  FACT_SCHEMAS,
  type FactKind,
  type FactOf,
  type FactWrite,
  type RegistryView,
} from './facts.ts';

type AnyFact = FactOf<FactKind>;

/** The facts as they are in storage. */
export class FactTable implements RegistryView {
  readonly #facts = new Map<FactKind, Map<string, AnyFact>>(
    (Object.keys(FACT_SCHEMAS) as FactKind[]).map((kind) => [kind, new Map()]),
  );

  get<K extends FactKind>(kind: K, id: string): FactOf<K> | undefined {
    return this.#facts.get(kind)?.get(id) as FactOf<K> | undefined;
  }

  entries<K extends FactKind>(kind: K): Iterable<readonly [string, FactOf<K>]> {
    return (this.#facts.get(kind) ?? new Map()) as ReadonlyMap<string, FactOf<K>>;
  }

  apply(writes: Iterable<FactWrite>): void {
    for (const { kind, id, value } of writes) {
      if (value === undefined) this.#facts.get(kind)?.delete(id);
      else this.#facts.get(kind)?.set(id, value);
    }
  }
}

/** A view of `base` with writes that are not durable yet; a later write to a fact replaces the former. */
export class FactOverlay implements RegistryView {
  readonly #base: RegistryView;
  readonly #writes = new Map<string, FactWrite>();

  constructor(base: RegistryView) {
    this.#base = base;
  }

  get<K extends FactKind>(kind: K, id: string): FactOf<K> | undefined {
    const write = this.#writes.get(`${kind}/${id}`);
    return write === undefined ? this.#base.get(kind, id) : (write.value as FactOf<K> | undefined);
  }

  *entries<K extends FactKind>(kind: K): Iterable<readonly [string, FactOf<K>]> {
    for (const entry of this.#base.entries(kind)) {
      if (!this.#writes.has(`${kind}/${entry[0]}`)) yield entry;
    }
    for (const write of this.#writes.values()) {
      if (write.kind !== kind || write.value === undefined) continue;
      yield [write.id, write.value as FactOf<K>];
    }
  }

  apply(writes: Iterable<FactWrite>): void {
    for (const write of writes) this.#writes.set(`${write.kind}/${write.id}`, write);
  }

  /** One write per fact that was touched. */
  writes(): readonly FactWrite[] {
    return [...this.#writes.values()];
  }
}
