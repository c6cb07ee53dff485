// What a new thread is given, and what the two say to each other beside the ring.
import type { ChannelMemory } from './channel.ts';
import type { ThreadLogLevel } from './log-line.ts';
import type { ThreadCongestion } from './options.ts';

/** What a thread begins with, besides its port. */
export interface ThreadBoot {
  readonly address: string;
  readonly place: string;
  readonly seed: number;
  readonly memory: ChannelMemory;
  readonly moduleUrl: string;
  readonly outboundBytesMax: number;
  readonly onCongested: ThreadCongestion;
  readonly logLevel: ThreadLogLevel;
}

/** What the thread tells of itself. */
export type ThreadNews =
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly text: string }
  /** Its actors have stopped, and all they said is in the ring. */
  | { readonly kind: 'stopped' };

/** What the main thread tells it. */
export interface ThreadOrder {
  readonly kind: 'stop';
  /** Actors handle what is in their mailboxes first. */
  readonly drain: boolean;
}
