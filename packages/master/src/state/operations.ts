// All offer operations the master has not forgotten: by uuid, by agent, and by the id their framework gave.
import { getOrCreate, invariant } from '@kaon/primitives';
import type { AgentId, FrameworkId, OperationId } from '@kaon/protocol';
import { OPERATIONS_MAX } from '../constants.ts';
import type { OperationKey, OperationRecord } from './operation-record.ts';
import type { StateChanges } from './state-changes.ts';

const NONE: ReadonlyMap<OperationKey, OperationRecord> = new Map();

/** Changed by transitions through its methods. */
export class Operations {
  readonly #byKey = new Map<OperationKey, OperationRecord>();
  /** In the order they were sent, which is the order the agent carries them out in. */
  readonly #byAgent = new Map<AgentId, Map<OperationKey, OperationRecord>>();
  readonly #byFramework = new Map<FrameworkId, Map<OperationKey, OperationRecord>>();
  readonly #byId = new Map<FrameworkId, Map<OperationId, OperationRecord>>();
  readonly #changes: StateChanges | undefined;

  readonly #onRemoved: (agentId: AgentId) => void;

  /**
   * `changes` hears of what becomes of them; undefined: nobody does. `onRemoved` is told of the agent whenever an
   * operation is forgotten. Default: nobody is.
   */
  constructor(changes?: StateChanges, onRemoved: (agentId: AgentId) => void = () => undefined) {
    this.#changes = changes;
    this.#onRemoved = onRemoved;
  }

  get size(): number {
    return this.#byKey.size;
  }

  get isFull(): boolean {
    return this.#byKey.size >= OPERATIONS_MAX;
  }

  all(): Iterable<OperationRecord> {
    return this.#byKey.values();
  }

  get(key: OperationKey): OperationRecord | undefined {
    return this.#byKey.get(key);
  }

  /** By the id its framework gave it. */
  named(frameworkId: FrameworkId, id: OperationId): OperationRecord | undefined {
    return this.#byId.get(frameworkId)?.get(id);
  }

  onAgent(agentId: AgentId): readonly OperationRecord[] {
    return [...(this.#byAgent.get(agentId) ?? NONE).values()];
  }

  ofFramework(frameworkId: FrameworkId): readonly OperationRecord[] {
    return [...(this.#byFramework.get(frameworkId) ?? NONE).values()];
  }

  add(operation: OperationRecord): void {
    invariant(!this.#byKey.has(operation.key), 'an added operation is new');
    this.put(operation);
    operation.tellChanges(this.#changes);
    this.#changes?.tell({ kind: 'operationAdded', operation });
  }

  /** Adds one, or puts it in the place of what has its key; for copies. */
  put(operation: OperationRecord): void {
    const { key, agentId, frameworkId, id } = operation;
    this.#byKey.set(key, operation);
    getOrCreate(this.#byAgent, agentId, () => new Map()).set(key, operation);
    if (frameworkId === undefined) return;
    getOrCreate(this.#byFramework, frameworkId, () => new Map()).set(key, operation);
    if (id !== undefined) getOrCreate(this.#byId, frameworkId, () => new Map()).set(id, operation);
  }

  remove(operation: OperationRecord): void {
    const { key, agentId, frameworkId, id } = operation;
    invariant(this.#byKey.delete(key), 'a removed operation is known');
    removeNested(this.#byAgent, agentId, key);
    this.#changes?.tell({ kind: 'operationRemoved', operation });
    this.#onRemoved(agentId);
    if (frameworkId === undefined) return;
    removeNested(this.#byFramework, frameworkId, key);
    if (id !== undefined && this.named(frameworkId, id) === operation) {
      removeNested(this.#byId, frameworkId, id);
    }
  }
}

function removeNested<K, L, V>(outer: Map<K, Map<L, V>>, outerKey: K, innerKey: L): void {
  const inner = outer.get(outerKey);
  inner?.delete(innerKey);
  if (inner?.size === 0) outer.delete(outerKey);
}
