// What must not compile of delegation, delays, routes and exits. Checked by `tsc -b`; never run.
import {
  type ActorContext,
  ask,
  defineActor,
  defineProtocol,
  message,
  type Pid,
} from '@kaon/actor';
import { decodeInteger, decodeNothing, decodeString } from '@kaon/primitives';

const counter = defineProtocol({
  add: message(decodeInteger),
  total: ask(decodeNothing, decodeInteger),
  name: ask(decodeNothing, decodeString),
});

/** What does compile. */
export const front = defineActor(counter, (ctx, next: Pid<typeof counter>) => ({
  receive: {
    add: (amount) => void ctx.delay(100, next, 'add', amount),
    total: () => ctx.delegate(next, 'total', undefined),
    name: () => 'front',
  },
  exited: (pid, reason, error) => ctx.logger.info({ pid, reason, error }),
  routes: { now: { help: 'Says it.', handle: ({ query }) => ({ body: query['x'] ?? '' }) } },
}));

// @ts-expect-error the other's answer is text, this one's a number
export const wrongDelegate = defineActor(counter, (ctx, next: Pid<typeof counter>) => ({
  receive: {
    add: () => undefined,
    total: () => ctx.delegate(next, 'name', undefined),
    name: () => 'x',
  },
}));

/** Bodies, names and kinds. */
export function wrong(ctx: ActorContext, next: Pid<typeof counter>): void {
  // @ts-expect-error the body is a number
  ctx.delay(100, next, 'add', 'one');
  // @ts-expect-error an ask is not sent
  ctx.delay(100, next, 'total', undefined);
  // @ts-expect-error a message is not delegated
  ctx.delegate(next, 'add', 1);
}

// @ts-expect-error a route answers at once or by a `Later`, not by a promise
export const asyncRoute = defineActor(defineProtocol({}), (_ctx, _options: undefined) => ({
  receive: {},
  routes: { slow: { help: 'Waits.', handle: async () => ({ body: 'x' }) } },
}));

// @ts-expect-error a route says what it is for
export const noHelp = defineActor(defineProtocol({}), (_ctx, _options: undefined) => ({
  receive: {},
  routes: { quiet: { handle: () => ({ body: 'x' }) } },
}));
