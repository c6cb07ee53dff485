// An actor that answers HTTP requests: each is a turn like any other, so no lock is needed.
import { ask, decodeInteger, decodeNothing, defineActor, defineProtocol } from '@kaon/actor';
import { startNode } from '@kaon/remote';

const counter = defineProtocol({ total: ask(decodeNothing, decodeInteger) });

const counterActor = defineActor(counter, () => {
  let total = 0;
  return {
    receive: { total: () => total },
    routes: {
      total: { help: 'The sum so far.', handle: () => ({ body: { total } }) },
      add: {
        help: 'Adds the number in `by`, 1 by default.',
        methods: ['POST'],
        handle: ({ query }) => {
          const by = Number(query['by'] ?? 1);
          if (!Number.isSafeInteger(by)) return { status: 400, body: '`by` is a whole number.' };
          total += by;
          return { body: { total } };
        },
      },
    },
  };
});

const node = await startNode();
const pid = node.system.spawn(counterActor, undefined, { id: 'counter' });
const call = async (method: string, path: string): Promise<void> => {
  // Browsers get `/help` as a page, tools as text.
  const headers = { 'User-Agent': 'curl' };
  const response = await fetch(`http://${node.address}${path}`, { method, headers });
  console.log(response.status, await response.text());
};
await call('POST', '/counter/add?by=41');
await call('POST', '/counter/add');
await call('POST', '/counter/add?by=much');
await call('GET', '/counter/total');
await call('GET', '/counter/nothing');
await call('GET', '/help/counter/add');
console.log('asked by an actor:', await node.system.ask(pid, 'total', undefined));
await node.close();

// Prints:
// 200 {"total":41}
// 200 {"total":42}
// 400 `by` is a whole number.
// 200 {"total":42}
// 404 404 Not Found.
// 200 ### USAGE ###
// >        /counter/add
//
// ### TL;DR; ###
// POST  Adds the number in `by`, 1 by default.
//
// asked by an actor: 42
