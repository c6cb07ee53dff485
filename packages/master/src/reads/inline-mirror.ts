// A copy of the state in the master's own thread: for simulations, and where threads are not wanted. It follows
// by the same records.
import { Mirror } from './mirror.ts';
import type { MirrorHost, MirrorHostEvents } from './mirror-orders.ts';

/** Keeps the copy beside the original. Answers come after `post` has returned. */
export function inlineMirror(events: MirrorHostEvents): MirrorHost {
  const start = (): Mirror => new Mirror((news) => queueMicrotask(() => events.news(news)));
  let mirror = start();
  return {
    post: (order) => mirror.take(order),
    restart: () => {
      mirror = start();
    },
    close: () => Promise.resolve(),
  };
}
