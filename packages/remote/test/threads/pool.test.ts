// The pool: where actors are placed, what cannot start and why, how ended threads are replaced, how all ends.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createActorSystem } from '@kaon/actor';
import { type Logger, seededRandom } from '@kaon/primitives';
import { startThreads, threadModule } from '@kaon/remote';
import t from 'tap';
import { exitOf, givenPool, givenThreads, hold, testModule, until } from './world.ts';

/** Keeps lines with their level. */
function notebookLogger() {
  const lines: { readonly level: string; readonly fields: object; readonly text: string }[] = [];
  const make = (bindings: object): Logger => {
    const at =
      (level: string) =>
      (fields: object, text = ''): void => {
        lines.push({ level, fields: { ...bindings, ...fields }, text });
      };
    return {
      debug: at('debug'),
      info: at('info'),
      warn: at('warn'),
      error: at('error'),
      child: (more) => make({ ...bindings, ...more }),
    };
  };
  return { logger: make({}), lines };
}

t.test('actors go where the fewest are, in turn among equals', async (t) => {
  const { system, pool } = await givenThreads(t, { threads: 3 });
  t.same(pool.places, ['worker-1/', 'worker-2/', 'worker-3/']);
  const pids = [];
  for (let n = 0; n < 6; n += 1) pids.push(await pool.spawn('work', {}));
  const places = pids.map(({ id }) => id.slice(0, id.indexOf('/') + 1));
  t.same(places, [...pool.places, ...pool.places]);
  const [, second] = pids;
  if (second === undefined) throw new Error('six were started');
  const exit = exitOf(system, second);
  system.send(second, 'stop', undefined);
  await exit;
  await until(
    () => pool.stats.threads[1]?.actors,
    (actors) => actors === 1,
  );
  t.match((await pool.spawn('work', {})).id, /^worker-2\//, 'where one has ended');
  t.match((await pool.spawn('work', {}, { thread: 2 })).id, /^worker-3\//, 'where it is told to');
  const together = await Promise.all(Array.from({ length: 6 }, () => pool.spawn('work', {})));
  t.equal(together.length, 6);
  t.same(
    pool.stats.threads.map(({ actors }) => actors).sort(),
    [4, 4, 5],
    'those under way count too',
  );
});

t.test('the processes of all threads are listed with their places', async (t) => {
  const { pool } = await givenThreads(t, { threads: 2 });
  await pool.spawn('work', {}, { thread: 1, id: 'listed', mailboxMax: 9 });
  const processes = await pool.processes();
  t.match(
    processes.map(({ id, place }) => `${place} ${id}`),
    ['worker-1/ worker-1/thread', 'worker-2/ worker-2/thread', 'worker-2/ worker-2/listed'],
  );
  t.ok(processes.every(({ ageMs }) => ageMs >= 0));
});

t.test('what cannot start says why', async (t) => {
  const { pool } = await givenThreads(t);
  await t.rejects(pool.spawn('broken', undefined), {
    code: 'KAON_THREAD_SPAWN',
    message: /'broken' in worker-1\/: no way/,
  });
  await pool.spawn('work', {}, { id: 'taken' });
  await t.rejects(pool.spawn('work', {}, { id: 'taken' }), {
    code: 'KAON_THREAD_SPAWN',
    message: /'taken'/,
  });
  await t.rejects(pool.spawn('nothing' as 'work', {}), { code: 'KAON_THREAD_EXPORT' });
  await t.rejects(pool.spawn('toString' as 'work', {}), { code: 'KAON_THREAD_EXPORT' });
  await t.rejects(pool.spawn('work', { notes: (() => 1) as unknown as string[] }), {
    code: 'KAON_THREAD_SPAWN',
    message: /cannot be cloned/,
  });
  await t.rejects(pool.spawn('work', {}, { thread: 1 }), { code: 'KAON_THREAD_NONE' });
  t.equal(pool.stats.threads[0]?.actors, 1, 'what did not start does not count');
});

t.test('a module that does not load is told, and leaves no thread behind', async (t) => {
  const system = createActorSystem();
  t.teardown(() => system.shutdown());
  const module = threadModule(new URL('./no-such-module.js', import.meta.url));
  await t.rejects(startThreads(system, { module, threads: 2 }), {
    code: 'KAON_THREAD_MODULE',
    message: /no-such-module/,
  });
  const failing = threadModule('data:text/javascript,throw new Error("not today")');
  await t.rejects(startThreads(system, { module: failing }), {
    code: 'KAON_THREAD_MODULE',
    message: /not today/,
  });
});

t.test('supervision holds in a thread as elsewhere', async (t) => {
  const { system, pool } = await givenThreads(t);
  const supervision = { onFailure: 'restart', restartsMax: 1, windowMs: 60_000 } as const;
  const worker = await pool.spawn('work', { notes: ['fresh'] }, { supervision });
  system.send(worker, 'note', 'lost by the restart');
  system.send(worker, 'fail', 'once');
  t.same(await system.ask(worker, 'read', undefined), ['fresh']);
  const exit = exitOf(system, worker);
  system.send(worker, 'fail', 'twice');
  t.match(await exit, /^failed: .*twice/);
});

t.test('a thread that ends is replaced at a new place, within limits', async (t) => {
  const { logger, lines } = notebookLogger();
  const restarts = { restartsMax: 2, windowMs: 3_600_000 };
  const { pool } = await givenThreads(t, { restarts }, { logger });
  const first = await pool.spawn('work', {});
  await pool.kill(0);
  const second = await pool.spawn('work', {});
  t.match([first.id, second.id], [/^worker-1\//, /^worker-2\//], 'no PID is used twice');
  await pool.kill(0);
  t.match((await pool.spawn('work', {})).id, /^worker-3\//);
  await pool.kill(0);
  await t.rejects(pool.spawn('work', {}), { code: 'KAON_THREAD_NONE' });
  t.match(pool.stats, { threads: [], lost: 3, restarts: 2, restartsRefused: 1 });
  t.equal(lines.filter(({ text }) => text === 'a thread ended').length, 3);
});

t.test('a spawn whose thread dies is told so', async (t) => {
  const { system, pool } = await givenThreads(t, { restarts: false });
  const holder = await pool.spawn('memory', undefined);
  await hold(system, holder);
  const spawned = pool.spawn('work', {});
  spawned.catch(() => undefined);
  await until(
    () => system.pendingAsks,
    (pending) => pending === 1,
  );
  await pool.kill(0);
  await t.rejects(spawned, { code: 'KAON_THREAD_LOST' });
});

t.test(
  'lines of a thread reach the logger of main, from the level on that is asked for',
  async (t) => {
    const { logger, lines } = notebookLogger();
    const { system, pool } = await givenThreads(t, { logLevel: 'warn' }, { logger });
    const worker = await pool.spawn('work', {}, { id: 'w' });
    system.send(worker, 'log', 'mind this');
    await system.ask(worker, 'read', undefined);
    t.match(lines, [
      {
        level: 'warn',
        text: 'mind this',
        fields: { thread: 'worker-1/', error: { message: 'mind this', stack: String } },
      },
    ]);
  },
);

t.test('one seed gives the threads the same ids', async (t) => {
  const ids: string[] = [];
  for (let run = 0; run < 2; run += 1) {
    const { pool } = await givenThreads(t, {}, { random: seededRandom(5) });
    ids.push((await pool.spawn('work', {})).id);
  }
  t.equal(ids[0], ids[1]);
});

t.test('a pool that closes stops its actors and tells who linked', async (t) => {
  const { system, pool } = await givenThreads(t, { threads: 2 });
  const worker = await pool.spawn('work', {});
  const exit = exitOf(system, worker);
  await system.ask(worker, 'echo', 1);
  await pool.close();
  t.equal(await exit, 'stopped');
  await t.rejects(pool.spawn('work', {}), { code: 'KAON_THREAD_CLOSED' });
  t.same(pool.places, []);
  t.same(await pool.processes(), []);
  await pool.close();
});

t.test('what was sent just before the close is heard before it', async (t) => {
  const { system, pool } = await givenThreads(t, { threads: 2 });
  const pids = await Promise.all(Array.from({ length: 20 }, () => pool.spawn('work', {})));
  const exits = pids.map((pid) => exitOf(system, pid));
  await pool.close();
  t.same(new Set(await Promise.all(exits)), new Set(['stopped']));
});

t.test('a pool that drains handles what it was sent', async (t) => {
  const { system, pool } = await givenThreads(t);
  const worker = await pool.spawn('work', {});
  const { work } = await import('./actors.js');
  const here = system.spawn(work, {}, { id: 'here' });
  for (let n = 0; n < 1000; n += 1) {
    system.send(worker, 'pass', { to: here.toString(), text: String(n) });
  }
  await pool.close({ drain: true });
  const notes = await system.ask(here, 'read', undefined);
  t.same([notes.length, notes.at(-1)], [1000, '999']);
});

t.test('a thread that does not stop in time is ended', async (t) => {
  const { system, pool } = await givenThreads(t);
  const holder = await pool.spawn('memory', undefined);
  const exit = exitOf(system, holder);
  await system.ask(holder, 'order', undefined);
  await hold(system, holder);
  await pool.close({ graceMs: 1 });
  t.equal(await exit, 'unreachable');
});

t.test('a system that shuts down takes its threads along', async (t) => {
  const { system, pool } = await givenThreads(t, { threads: 2 });
  await pool.spawn('work', {});
  await system.shutdown();
  t.same(pool.places, []);
  await t.rejects(pool.spawn('work', {}), { code: 'KAON_THREAD_CLOSED' });
});

t.test('two pools of one system have places of their own', async (t) => {
  const { system, pool } = await givenThreads(t);
  const other = await givenPool(t, system, { name: 'io' });
  t.same([pool.places, other.places], [['worker-1/'], ['io-2/']]);
  const one = await pool.spawn('work', {});
  const two = await other.spawn('work', {});
  t.equal(await system.ask(one, 'askEcho', { to: two.toString(), value: 1 }), 1);
});

t.test('a process ends by itself when its threads are closed, and not before', async (t) => {
  const script = `
    import { createActorSystem } from '@kaon/actor';
    import { startThreads, threadModule } from '@kaon/remote';
    const system = createActorSystem();
    const pool = await startThreads(system, { module: threadModule(process.argv[1]) });
    const worker = await pool.spawn('work', {});
    console.log(await system.ask(worker, 'echo', 'alive'));
    process.stdin.once('data', () => { process.stdin.destroy(); void pool.close(); });
  `;
  const args = ['--input-type=module', '-e', script, testModule.url];
  const child = spawn(process.execPath, args, {
    cwd: import.meta.dirname,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  const exited = once(child, 'exit');
  const [text] = await once(child.stdout, 'data');
  t.equal(String(text), 'alive\n');
  child.stdin.write('close\n');
  t.same(await exited, [0, null]);
});

t.test('threads start whatever arguments Node was given', async (t) => {
  const program = new URL('./program.js', import.meta.url);
  const cases = [
    [],
    ['--expose-gc', '--max-old-space-size=512', '--stack-trace-limit=20'],
    ['--enable-source-maps', '--conditions', 'x', '--no-warnings'],
  ];
  for (const flags of cases) {
    const name = ['node', ...flags].join(' ');
    for (const rest of [
      [fileURLToPath(program)],
      ['--input-type=module', '--eval', `await import('${program}')`],
    ]) {
      const { stdout } = await promisify(execFile)(process.execPath, [...flags, ...rest]);
      t.equal(stdout, 'answered 7\n', rest.length === 1 ? name : `${name} --eval`);
    }
  }
});
