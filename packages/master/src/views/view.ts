// What can be seen of a master: the questions its HTTP side asks, and the answers.
import type { JsonValue, masterV1 } from '@kaon/protocol';
import type { Fragments } from './fragments.ts';
import type { ListFilter } from './list-filter.ts';
import type { TaskFilter } from './state-json.ts';

/** What views show beside the state. */
export interface ViewContext {
  /** The flags the master was started with, by Mesos' names, in the order to be shown. */
  readonly flags: ReadonlyMap<string, string>;
  /** Metrics by key, as of now. */
  readonly metrics: (gauges: Iterable<readonly [string, number]>) => ReadonlyMap<string, number>;
  readonly nowMs: () => number;
  /** Parts at hand. Default: each is made anew. */
  readonly fragments?: Fragments;
}

/** Something to see. */
export type ViewQuestion =
  | {
      readonly kind: 'state' | 'stateSummary' | 'agents' | 'frameworks' | 'roles';
      /** Default: everything. */
      readonly filter?: ListFilter;
    }
  | { readonly kind: 'tasks'; readonly filter: TaskFilter }
  | { readonly kind: 'quota' }
  | { readonly kind: 'weights' }
  | { readonly kind: 'maintenanceSchedule' }
  | { readonly kind: 'maintenanceStatus' }
  | { readonly kind: 'metrics' }
  | {
      readonly kind: 'operator';
      readonly type: masterV1.Call_Type;
      /** Default: everything. */
      readonly filter?: ListFilter;
    };

/** What was seen. It is a picture of its own: nothing in it changes any more. */
export type ViewAnswer =
  | { readonly kind: 'json'; readonly json: JsonValue }
  | { readonly kind: 'metrics'; readonly metrics: ReadonlyMap<string, number> }
  | { readonly kind: 'operator'; readonly response: masterV1.Response }
  | { readonly kind: 'notReady' }
  | { readonly kind: 'unsupported' };
