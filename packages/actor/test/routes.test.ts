// HTTP routes of actors, as whoever serves HTTP uses them.
import { type ActorRoutes, defineActor, defineProtocol, message } from '@kaon/actor';
import { decodeInteger } from '@kaon/primitives';
import t from 'tap';
import { givenSystem } from './builders/world.ts';

const shelf = defineProtocol({ put: message(decodeInteger) });

const shelfActor = defineActor(shelf, (ctx, options: { readonly more?: ActorRoutes }) => {
  let count = 0;
  return {
    receive: {
      put: (amount) => {
        count += amount;
      },
    },
    routes: {
      '': { help: 'Says what this is.', handle: () => ({ body: 'a shelf' }) },
      count: {
        help: 'How much there is.',
        handle: ({ query }) => ({ body: { count, asked: query['by'] ?? 'nobody' } }),
      },
      put: {
        help: 'Puts one more.',
        methods: ['POST', 'PUT'],
        handle: ({ body }) => {
          count += body.length;
          return { status: 202 };
        },
      },
      later: {
        help: 'Takes its time.',
        handle: () => {
          const later = ctx.later<{ body: string }>();
          ctx.timers.once('later', 1000, () => later.resolve({ body: 'now' }));
          return later;
        },
      },
      ...options.more,
    },
  };
});

const request = { method: 'GET', query: {}, headers: {}, body: new Uint8Array(0) };

t.test('a request runs as a turn of the actor, after what was sent before', async (t) => {
  const { sim, system } = givenSystem(t);
  const pid = system.spawn(shelfActor, {}, { id: 'shelf' });
  system.send(pid, 'put', 4);
  const answer = system.request('shelf', 'count', { ...request, query: { by: 'me' } });
  const root = system.request('shelf', '', request);
  await sim.settle();
  t.same(await answer, { body: { count: 4, asked: 'me' } });
  t.same(await root, { body: 'a shelf' });
});

t.test('unknown routes and methods are answered, also those of every object', async (t) => {
  const { sim, system } = givenSystem(t);
  system.spawn(shelfActor, {}, { id: 'shelf' });
  const statuses = ['nope', 'count/deeper', 'constructor', '__proto__'].map((path) =>
    system.request('shelf', path, request),
  );
  const wrong = system.request('shelf', 'put', request);
  const right = system.request('shelf', 'put', { ...request, method: 'PUT' });
  await sim.settle();
  for (const answer of await Promise.all(statuses)) t.equal(answer.status, 404);
  t.match(await wrong, { status: 405, headers: { Allow: 'POST, PUT' } });
  t.same(await right, { status: 202 });
});

t.test('an answer may come later, or not in time', async (t) => {
  const { sim, system } = givenSystem(t);
  system.spawn(shelfActor, {}, { id: 'shelf' });
  const late = system.request('shelf', 'later', request);
  await sim.advance(1000);
  t.same(await late, { body: 'now' });
  const tooLate = system.request('shelf', 'later', request, { timeoutMs: 100 });
  const refused = t.rejects(tooLate, { code: 'KAON_ASK_TIMEOUT' });
  await sim.advance(1000);
  await refused;
});

t.test('a handler that throws fails its actor, and the request', async (t) => {
  const { sim, system } = givenSystem(t);
  const broken: ActorRoutes = {
    broken: {
      help: 'Throws.',
      handle: () => {
        throw new Error('out of paper');
      },
    },
    strange: { help: 'Answers nonsense.', handle: () => ({ status: 'fine' }) as never },
  };
  system.spawn(shelfActor, { more: broken }, { id: 'shelf' });
  const strange = t.rejects(system.request('shelf', 'strange', request), {
    code: 'KAON_ASK_REFUSED',
  });
  const failed = t.rejects(system.request('shelf', 'broken', request), { code: 'KAON_ASK_FAILED' });
  await sim.settle();
  await Promise.all([strange, failed]);
  t.equal(system.routesOf('shelf'), undefined, 'the actor is gone');
  const gone = t.rejects(system.request('shelf', '', request), { code: 'KAON_ASK_NO_ACTOR' });
  await gone;
});

t.test('routes come with their help', async (t) => {
  const { system } = givenSystem(t);
  system.spawn(shelfActor, {}, { id: 'shelf' });
  t.same(system.routesOf('shelf')?.slice(0, 3), [
    { path: '', methods: ['GET'], help: 'Says what this is.' },
    { path: 'count', methods: ['GET'], help: 'How much there is.' },
    { path: 'put', methods: ['POST', 'PUT'], help: 'Puts one more.' },
  ]);
});

t.test('no message and no peer can pose as a request', async (t) => {
  const { sim, system } = givenSystem(t);
  const other = sim.createSystem('b:2');
  const pid = system.spawn(shelfActor, {}, { id: 'shelf' });
  system.send(pid, '/put' as 'put', 1);
  const asked = t.rejects(other.ask(pid as never, '/put' as never, request as never), {
    code: 'KAON_ASK_REFUSED',
  });
  await sim.settle();
  await asked;
  t.equal(system.deadLetters.counts.unknownMessage, 2);
});
