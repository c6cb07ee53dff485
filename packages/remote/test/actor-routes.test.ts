// Routes of actors, help and the list of processes over real HTTP.
import { type KaonNode, startThreads, threadModule } from '@kaon/remote';
import t from 'tap';
import { givenNode } from './builders/actors.ts';
import { pageActor } from './builders/page-actor.ts';

function fetchFrom(node: KaonNode) {
  return (path: string, init?: RequestInit): Promise<Response> =>
    fetch(`http://${node.address}${path}`, init);
}

t.test('a request reaches the actor named first in its path', async (t) => {
  const node = await givenNode(t);
  const get = fetchFrom(node);
  for (const id of ['page', 'a/b', 'slave(1)', '__proto__']) {
    node.system.spawn(pageActor, undefined, { id });
    const path = `/${id.split('/').map(encodeURIComponent).join('/')}`;
    t.equal(await (await get(path)).text(), 'hello', id);
    const echo = await get(`${path}/echo?x=1&x=2&%C3%A9=u`, {
      method: 'POST',
      body: 'body',
      headers: { 'Content-Type': 'text/x', Cookie: 'not for actors' },
    });
    t.equal(echo.status, 201);
    t.equal(echo.headers.get('x-type'), 'text/x');
    t.match(await echo.json(), { method: 'POST', query: { x: '2', é: 'u' }, text: 'body' });
  }
  const bytes = await get('/page/bytes');
  t.same([...new Uint8Array(await bytes.arrayBuffer())], [1, 2, 3]);
  t.equal((await get('/page', { method: 'HEAD' })).status, 200);
});

t.test('what is not there, not allowed, not possible or not in time is said', async (t) => {
  const node = await givenNode(t);
  const get = fetchFrom(node);
  node.system.spawn(pageActor, undefined, { id: 'page' });
  t.equal((await get('/nobody')).status, 404);
  t.equal((await get('/page/nothing')).status, 404);
  t.equal((await get('/%ff')).status, 404);
  const wrong = await get('/page/echo', { method: 'DELETE' });
  t.equal(wrong.status, 405);
  t.equal(wrong.headers.get('allow'), 'GET, POST');
  const many = Array.from({ length: 300 }, (_, index) => `q${index}=1`).join('&');
  t.equal((await get(`/page/echo?${many}`)).status, 400);
  const failed = await get('/page/fail');
  t.equal(failed.status, 500);
  t.notMatch(await failed.text(), /secret/, 'what went wrong is for the log');
  t.equal((await get('/page')).status, 404, 'the actor is gone');
});

t.test('help lists routes, and processes come page by page, threads included', async (t) => {
  const node = await givenNode(t);
  const get = fetchFrom(node);
  for (const id of ['one', 'two']) node.system.spawn(pageActor, undefined, { id });
  const help = await (await get('/help')).text();
  t.match(help, /<a href="\/help\/one">\/one<\/a>/);
  const page = await (await get('/help/one/echo')).text();
  t.match(page, /\/one\/echo\n\n### TL;DR; ###\nGET, POST {2}Gives back what it got\./);
  t.match(await (await get('/help/two')).text(), /<a href="\/help\/two">\/two<\/a>/);
  const nobody = await get('/help/nobody');
  t.equal(nobody.status, 400);
  t.equal(await nobody.text(), "No help available for '/nobody'.\n");

  const module = threadModule<typeof import('./threads/actors.ts')>(
    new URL('./threads/actors.js', import.meta.url),
  );
  const pool = await startThreads(node.system, { threads: 2, module });
  await pool.spawn('work', {}, { id: 'w', thread: 0 });
  await pool.spawn('work', {}, { id: 'w', thread: 1 });
  const ids = async (query: string): Promise<readonly string[]> => {
    const list = (await (await get(`/__processes__${query}`)).json()) as { id: string }[];
    return list.map(({ id }) => id);
  };
  const all = ['one', 'two', 'worker-1/thread', 'worker-1/w', 'worker-2/thread', 'worker-2/w'];
  t.same(await ids(''), all);
  for (let offset = 0; offset < all.length; offset += 1) {
    t.same(await ids(`?offset=${offset}&limit=2`), all.slice(offset, offset + 2));
  }
  const [first] = (await (await get('/__processes__?limit=1')).json()) as object[];
  t.match(first, { id: 'one', mailbox: 0, received: 0, failures: 0, restarts: 0, ageMs: Number });
  for (const query of ['?limit=1001', '?offset=-1', '?limit=many']) {
    t.equal((await get(`/__processes__${query}`)).status, 400, query);
  }
  await pool.close();
});

t.test('a route of an actor in a thread is reached like any other', async (t) => {
  const node = await givenNode(t);
  const module = threadModule<typeof import('./builders/page-actor.ts')>(
    new URL('./builders/page-actor.js', import.meta.url),
  );
  const pool = await startThreads(node.system, { threads: 1, module });
  await pool.spawn('pageActor', undefined, { id: 'page' });
  const get = fetchFrom(node);
  t.equal(await (await get('/worker-1/page')).text(), 'hello');
  const echo = await get('/worker-1/page/echo', { method: 'POST', body: 'x' });
  t.match(await echo.json(), { text: 'x' });
  t.equal((await get('/worker-1/nobody/x')).status, 404);
  t.equal((await get('/worker-9/page')).status, 404);
  await pool.close();
});

t.test('a node without actor routes serves none of it', async (t) => {
  const node = await givenNode(t, { actorRoutes: false, http: { driver: 'node' } });
  node.system.spawn(pageActor, undefined, { id: 'page' });
  const get = fetchFrom(node);
  for (const path of ['/page', '/help', '/__processes__']) t.equal((await get(path)).status, 404);
});
