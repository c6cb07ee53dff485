// A module whose exports threads can start, and the types that follow from it.
import type { ActorDefinition, Protocol } from '@kaon/actor';

declare const exportsOf: unique symbol;

/** Where a module is, and (for the compiler alone) what it exports. Made by `threadModule`. */
export interface ThreadModule<M> {
  readonly url: string;
  readonly [exportsOf]?: M;
}

/**
 * The module at `url`, which threads load; `M` is what it exports, so that names, options and protocols
 * are checked: `threadModule<typeof import('./actors.ts')>(new URL('./actors.js', import.meta.url))`.
 */
export function threadModule<M>(url: URL | string): ThreadModule<M> {
  return { url: String(url) };
}

/** Names under which `M` exports actor definitions. */
export type DefinitionName<M> = {
  [K in keyof M]: M[K] extends ActorDefinition<infer _P, infer _O> ? K : never;
}[keyof M] &
  string;

/** The protocol of the actor that `M` exports as `K`. */
export type ProtocolIn<M, K extends keyof M> =
  M[K] extends ActorDefinition<infer P, infer _O> ? P : never;

/** The options of the actor that `M` exports as `K`. */
export type OptionsIn<M, K extends keyof M> =
  M[K] extends ActorDefinition<infer _P, infer O> ? O : never;

/** What a module may export when the compiler knows nothing of it. */
export type AnyModule = Readonly<Record<string, ActorDefinition<Protocol, unknown>>>;
