// Bodies that move instead of being copied, and memory that is shared. Both only within a process.
import type { MessagePort } from 'node:worker_threads';

/** What structured clone can move to another thread. */
export type Transferable = ArrayBuffer | MessagePort;

const lists = new WeakMap<object, readonly Transferable[]>();
/** Looking into the map costs as much as a small body: not before there is something in it. */
let isInUse = false;

/**
 * Marks `body` so that its next way to another thread moves what is in `transfer` (buffers and ports
 * that `body` holds) instead of copying it: the sender's buffers are empty afterwards. It goes by
 * structured clone then, with maps, dates and whatever else that knows.
 *
 * In its own thread a marked body is just the body; to another process it is encoded as usual.
 * Returns `body`.
 */
export function transferring<T extends object>(body: T, transfer: readonly Transferable[]): T {
  isInUse = true;
  lists.set(body, transfer);
  return body;
}

/** What `body` was marked with; the mark is gone. */
export function takeTransfer(body: unknown): readonly Transferable[] | undefined {
  if (!isInUse || typeof body !== 'object' || body === null) return undefined;
  const transfer = lists.get(body);
  if (transfer !== undefined) lists.delete(body);
  return transfer;
}
