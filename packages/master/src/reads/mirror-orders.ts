// What passes between a master and the copy of its state, wherever that lives: orders one way, pages the
// other. Orders are carried out in their order, so that a question sees exactly the records before it.
import type { MasterLimits } from '../options.ts';
import type { MasterFacts, MirrorRecord } from '../state/mirror-record.ts';
import type { ContentCoding, ReadQuestion } from './read-question.ts';

/** What a copy is told. */
export type MirrorOrder =
  /** Forget all and follow this master. */
  | {
      readonly kind: 'begin';
      readonly facts: MasterFacts;
      readonly limits: MasterLimits;
      readonly flags: readonly (readonly [string, string])[];
    }
  | { readonly kind: 'records'; readonly records: readonly MirrorRecord[] }
  | { readonly kind: 'ask'; readonly id: number; readonly question: ReadQuestion }
  /** The pages of an answer that is held are not looked at any more. */
  | { readonly kind: 'release'; readonly id: number }
  /** Forget all, to give memory back. */
  | { readonly kind: 'end' };

/**
 * What comes back. `took` for each order of records. Of one answer: `head`, pages, then `end`; or `failed` at any point.
 * The pages of an answer that is held lie in shared memory, and stay as they are until it is released.
 */
export type MirrorNews =
  | { readonly kind: 'took' }
  | {
      readonly kind: 'head';
      readonly id: number;
      readonly coding: ContentCoding;
      readonly isHeld: boolean;
    }
  | { readonly kind: 'pages'; readonly id: number; readonly pages: readonly Uint8Array[] }
  | { readonly kind: 'end'; readonly id: number }
  | { readonly kind: 'failed'; readonly id: number; readonly text: string };

/** A place where a copy lives. */
export interface MirrorHost {
  /** Starts anew after a loss. Records may be used until this returns. */
  post(order: MirrorOrder): void;
  /** Gives up what runs there: a copy that does not answer. `onLost` is not told. */
  restart(): void;
  close(): Promise<void>;
}

/** What a host tells. */
export interface MirrorHostEvents {
  news(news: MirrorNews): void;
  /** The copy is gone, with all questions; the next order must be `begin`. */
  lost(error: unknown): void;
}

/** Makes a host. */
export type MakeMirrorHost = (events: MirrorHostEvents) => MirrorHost;
