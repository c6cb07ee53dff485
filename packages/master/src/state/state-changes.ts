// What happens to the state, told to whoever follows it: the journal of readers, the event stream. Every
// change that a reader can see passes here; nothing is encoded or kept by it.
import type { AgentId, ExecutorId, ExecutorInfo, FrameworkId, TaskStatus } from '@kaon/protocol';
import type { Agent } from './agent.ts';
import type { ClusterPolicy } from './cluster-policy.ts';
import type { Framework } from './framework.ts';
import type { InverseOfferRecord } from './inverse-offers.ts';
import type { Machines } from './machines.ts';
import type { TaskEnd } from './master-state.ts';
import type { OfferRecord } from './offer-record.ts';
import type { OperationRecord } from './operation-record.ts';
import type { TaskRecord } from './task-record.ts';

/** One change, told after it was made. */
export type StateChange =
  | { readonly kind: 'taskAdded'; readonly task: TaskRecord }
  | { readonly kind: 'taskChanged'; readonly task: TaskRecord; readonly status: TaskStatus }
  | { readonly kind: 'taskRemoved'; readonly task: TaskRecord; readonly end: TaskEnd }
  | { readonly kind: 'frameworkAdded'; readonly framework: Framework }
  | {
      readonly kind: 'frameworkChanged';
      readonly framework: Framework;
      /** What changed; offers come and go on their own. */
      readonly what: 'info' | 'connection' | 'suppression';
    }
  | { readonly kind: 'frameworkRemoved'; readonly framework: Framework }
  | { readonly kind: 'agentAdded'; readonly agent: Agent }
  | { readonly kind: 'agentChanged'; readonly agent: Agent }
  | { readonly kind: 'agentRemoved'; readonly agent: Agent }
  | {
      readonly kind: 'executorAdded';
      readonly frameworkId: FrameworkId;
      readonly agentId: AgentId;
      readonly executor: ExecutorInfo;
    }
  | {
      readonly kind: 'executorRemoved';
      readonly frameworkId: FrameworkId;
      readonly agentId: AgentId;
      readonly executorId: ExecutorId;
    }
  | { readonly kind: 'offerAdded'; readonly offer: OfferRecord }
  | { readonly kind: 'offerRemoved'; readonly offer: OfferRecord }
  | {
      readonly kind: 'inverseOfferAdded' | 'inverseOfferRemoved';
      readonly offer: InverseOfferRecord;
    }
  | {
      readonly kind: 'operationAdded' | 'operationChanged' | 'operationRemoved';
      readonly operation: OperationRecord;
    }
  /** The agent came onto or left one of the registry's lists. */
  | { readonly kind: 'admissionChanged'; readonly agentId: AgentId }
  | { readonly kind: 'policyChanged'; readonly policy: ClusterPolicy }
  | { readonly kind: 'machinesChanged'; readonly machines: Machines };

/** Told of each change within the turn that makes it: must be quick, and must not change the state. */
export type StateListener = (change: StateChange) => void;

/** The listeners of one state, and how often it has changed. */
export class StateChanges {
  readonly #listeners = new Set<StateListener>();
  #version = 0;

  /** Counts changes: two moments with the same number show the same state. */
  get version(): number {
    return this.#version;
  }

  /** Returns what ends it. */
  listen(listener: StateListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  tell(change: StateChange): void {
    this.#version += 1;
    for (const listener of this.#listeners) listener(change);
  }
}
