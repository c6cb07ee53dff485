// What must not compile when an actor is written. Checked by `tsc -b`; never run.
import { ask, defineActor, defineProtocol, message } from '@kaon/actor';
import { decodeInteger, decodeNothing, decodeRecord, decodeString } from '@kaon/primitives';

const counter = defineProtocol({
  add: message(decodeInteger),
  rename: message(decodeRecord({ name: decodeString })),
  total: ask(decodeNothing, decodeInteger),
});

/** All handlers, each of the right kind. */
export const complete = defineActor(counter, (ctx, options: { readonly start: number }) => {
  let sum = options.start;
  return {
    receive: {
      add: (amount, from) => {
        sum += amount;
        from.toString();
      },
      rename: ({ name }) => ctx.logger.info({ name }),
      total: () => sum,
    },
  };
});

/** An answer may come later. */
export const later = defineActor(counter, (ctx, _options: undefined) => ({
  receive: { add: () => undefined, rename: () => undefined, total: () => ctx.later<number>() },
}));

// @ts-expect-error `total` has no handler
export const missingHandler = defineActor(counter, (_ctx, _options: undefined) => ({
  receive: { add: () => undefined, rename: () => undefined },
}));

// @ts-expect-error a handler is synchronous
export const asyncHandler = defineActor(counter, (_ctx, _options: undefined) => ({
  receive: {
    add: async () => undefined,
    rename: () => undefined,
    total: () => 0,
  },
}));

// @ts-expect-error an answer is a value or a `Later`, not a promise
export const asyncAnswer = defineActor(counter, (_ctx, _options: undefined) => ({
  receive: {
    add: () => undefined,
    rename: () => undefined,
    total: async () => 0,
  },
}));

// @ts-expect-error the answer is a number
export const wrongAnswer = defineActor(counter, (_ctx, _options: undefined) => ({
  receive: {
    add: () => undefined,
    rename: () => undefined,
    total: () => 'many',
  },
}));

// @ts-expect-error an ask is answered
export const noAnswer = defineActor(counter, (_ctx, _options: undefined) => ({
  receive: {
    add: () => undefined,
    rename: () => undefined,
    total: () => undefined,
  },
}));

// @ts-expect-error the body is a number
export const wrongBody = defineActor(counter, (_ctx, _options: undefined) => ({
  receive: {
    add: (name: string) => void name,
    rename: () => undefined,
    total: () => 0,
  },
}));

// @ts-expect-error the later answer is a number
export const wrongLater = defineActor(counter, (ctx, _options: undefined) => ({
  receive: {
    add: () => undefined,
    rename: () => undefined,
    total: () => ctx.later<string>(),
  },
}));
