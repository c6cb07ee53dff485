// What all actors of one definition share, made once: the names they answer to, ready for look-ups.
import type { ActorDefinition } from './behaviour.ts';
import type { AskSpec, MessageSpec, Protocol } from './protocol.ts';

type Spec = MessageSpec<unknown> | AskSpec<unknown, unknown>;

/** A definition and the index of its protocol. */
export class ActorKind {
  readonly definition: ActorDefinition<Protocol, unknown>;
  /** Own names only: a message called `constructor` finds nothing. */
  readonly #specs: ReadonlyMap<string, Spec>;
  /** The name that was asked for last, for it is likely to be asked for again. */
  #lastName: string | undefined;

  constructor(definition: ActorDefinition<Protocol, unknown>) {
    this.definition = definition;
    this.#specs = new Map(Object.entries(definition.protocol));
  }

  /** Whether the protocol has a message or ask called `name`. */
  knows(name: string): boolean {
    if (name === this.#lastName) return true;
    if (!this.#specs.has(name)) return false;
    this.#lastName = name;
    return true;
  }

  spec(name: string): Spec | undefined {
    return this.#specs.get(name);
  }
}

const KINDS = new WeakMap<ActorDefinition<Protocol, unknown>, ActorKind>();

/** The kind of `definition`; always the same one. */
export function kindOf(definition: ActorDefinition<Protocol, unknown>): ActorKind {
  let kind = KINDS.get(definition);
  if (kind === undefined) {
    kind = new ActorKind(definition);
    KINDS.set(definition, kind);
  }
  return kind;
}
