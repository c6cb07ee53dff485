// An actor with HTTP routes of every kind. Threads load this module, too.
import { defineActor, defineProtocol, localMessage } from '@kaon/actor';

const page = defineProtocol({ never: localMessage<undefined>() });

/** Answers, fails, or does not answer. */
export const pageActor = defineActor(page, (ctx, _options: undefined) => ({
  receive: { never: () => undefined },
  routes: {
    '': { help: 'Says hello.', handle: () => ({ body: 'hello' }) },
    echo: {
      help: 'Gives back what it got.',
      methods: ['GET', 'POST'],
      handle: ({ method, query, headers, body }) => ({
        status: 201,
        headers: { 'X-Type': headers['content-type'] ?? 'none' },
        body: { method, query, text: Buffer.from(body).toString(), names: Object.keys(headers) },
      }),
    },
    bytes: { help: 'Bytes.', handle: () => ({ body: new Uint8Array([1, 2, 3]) }) },
    fail: {
      help: 'Fails.',
      handle: () => {
        throw new Error('a secret of the house');
      },
    },
    never: { help: 'Does not answer.', handle: () => ctx.later() },
  },
}));
