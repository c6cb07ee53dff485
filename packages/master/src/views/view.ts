// What can be seen of a master: the questions its HTTP side asks, and the answers.
import type { JsonValue, masterV1 } from '@kaon/protocol';
import type { TaskFilter } from './state-json.ts';

/** What views show beside the state. */
export interface ViewContext {
  /** The flags the master was started with, by Mesos' names, in the order to be shown. */
  readonly flags: ReadonlyMap<string, string>;
  /** Metrics by key, as of now. */
  readonly metrics: (gauges: Iterable<readonly [string, number]>) => ReadonlyMap<string, number>;
  readonly nowMs: () => number;
}

/** Something to see. */
export type ViewQuestion =
  | { readonly kind: 'state' }
  | { readonly kind: 'stateSummary' }
  | { readonly kind: 'agents'; readonly agentId: string | undefined }
  | { readonly kind: 'frameworks'; readonly frameworkId: string | undefined }
  | { readonly kind: 'tasks'; readonly filter: TaskFilter }
  | { readonly kind: 'roles' }
  | { readonly kind: 'quota' }
  | { readonly kind: 'weights' }
  | { readonly kind: 'maintenanceSchedule' }
  | { readonly kind: 'maintenanceStatus' }
  | { readonly kind: 'metrics' }
  | { readonly kind: 'operator'; readonly type: masterV1.Call_Type };

/** What was seen. It is a picture of its own: nothing in it changes any more. */
export type ViewAnswer =
  | { readonly kind: 'json'; readonly json: JsonValue }
  | { readonly kind: 'metrics'; readonly metrics: ReadonlyMap<string, number> }
  | { readonly kind: 'operator'; readonly response: masterV1.Response }
  | { readonly kind: 'notReady' }
  | { readonly kind: 'unsupported' };
