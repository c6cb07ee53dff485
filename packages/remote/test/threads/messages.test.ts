// What passes between threads: messages both ways and in order, what moves, what is shared, what is refused.
import { Pid } from '@kaon/actor';
import { transferring } from '@kaon/remote';
import t from 'tap';
import { memoryProtocol } from './actors.js';
import { exitOf, givenThreads, hold } from './world.ts';

t.test('main and thread send and ask both ways', async (t) => {
  const { system, pool } = await givenThreads(t);
  const worker = await pool.spawn('work', { notes: ['begin'] });
  t.match(worker.toString(), /^worker-1\/.+@local$/, 'its PID says where it lives');
  system.send(worker, 'note', 'hello');
  t.same(await system.ask(worker, 'read', undefined), ['begin', 'hello']);
  t.same(await system.ask(worker, 'echo', { a: [1, 'x', null] }), { a: [1, 'x', null] });
  t.equal(await system.ask(worker, 'whoAmI', undefined), 'system@local');

  const { work } = await import('./actors.js');
  const here = system.spawn(work, {}, { id: 'here' });
  system.send(worker, 'pass', { to: here.toString(), text: 'back' });
  const value = await system.ask(worker, 'askEcho', { to: here.toString(), value: 'there' });
  t.equal(value, 'there');
  t.same(await system.ask(here, 'read', undefined), ['back']);
  t.match(await system.ask(here, 'whoAmI', undefined), /^system@/);
});

t.test('two threads talk to each other, and to children', async (t) => {
  const { system, pool } = await givenThreads(t, { threads: 2 });
  const left = await pool.spawn('work', {}, { thread: 0, id: 'left' });
  const right = await pool.spawn('work', {}, { thread: 1, id: 'right' });
  t.equal(left.toString(), 'worker-1/left@local');
  t.equal(right.toString(), 'worker-2/right@local');
  system.send(left, 'pass', { to: right.toString(), text: 'from the left' });
  const value = await system.ask(left, 'askEcho', { to: right.toString(), value: { n: 1 } });
  t.same(value, { n: 1 });
  t.same(await system.ask(right, 'read', undefined), ['from the left']);
  const child = await system.ask(right, 'child', undefined);
  t.match(child, /^worker-2\//, 'children live where their parent does');
  t.equal(await system.ask(left, 'askEcho', { to: child, value: 7 }), 7);
});

t.test('100,000 messages keep their order, moved ones among them', async (t) => {
  const { system, pool, letters } = await givenThreads(t);
  const memory = await pool.spawn('memory', undefined);
  for (let n = 0; n < 100_000; n += 1) {
    if (n % 100 === 50) {
      const buffer = new ArrayBuffer(8);
      system.send(memory, 'moved', transferring({ n, buffer }, [buffer]));
    } else {
      system.send(memory, 'item', n);
    }
    // Mailboxes hold so many and no more.
    if (n % 20_000 === 19_999) await system.ask(memory, 'order', undefined);
  }
  t.same(await system.ask(memory, 'order', undefined), [100_000, 0]);
  t.same(letters, []);
});

t.test('what is transferred moves, either way', async (t) => {
  const { system, pool } = await givenThreads(t);
  const memory = await pool.spawn('memory', undefined);
  const buffer = new ArrayBuffer(5000);
  const body = transferring({ buffer }, [buffer]);
  t.equal(await system.ask(memory, 'size', body), 5000);
  t.equal(buffer.byteLength, 0, 'it is gone here');
  const { buffer: made } = await system.ask(memory, 'make', 300);
  t.equal(made.byteLength, 300);
  const kept = new ArrayBuffer(10);
  t.equal(await system.ask(memory, 'size', { buffer: kept }), 10);
  t.equal(kept.byteLength, 10, 'what is not marked is copied');
});

t.test('a transferred body moves on from one thread to another', async (t) => {
  const { system, pool } = await givenThreads(t, { threads: 2 });
  const memory = await pool.spawn('memory', undefined, { thread: 0 });
  const sender = await pool.spawn('mover', undefined, { thread: 1 });
  t.same(await system.ask(sender, 'move', memory.toString()), [400, 0]);
});

t.test('within one thread a marked body is just the body', async (t) => {
  const { system } = await givenThreads(t);
  const { memory } = await import('./actors.js');
  const here = system.spawn(memory, undefined);
  const buffer = new ArrayBuffer(5);
  t.equal(await system.ask(here, 'size', transferring({ buffer }, [buffer])), 5);
  t.equal(buffer.byteLength, 5);
});

t.test('shared memory is shared, deep inside a body too', async (t) => {
  const { system, pool } = await givenThreads(t);
  const memory = await pool.spawn('memory', undefined);
  const words = new Int32Array(new SharedArrayBuffer(8));
  await system.ask(memory, 'write', { name: 'x', words });
  t.equal(words[0], 42, 'what is written there is seen here');
});

t.test('local messages are cloned with all that clones know', async (t) => {
  const { system, pool } = await givenThreads(t);
  const memory = await pool.spawn('memory', undefined);
  const map = new Map([['epoch', new Date(0)]]);
  t.equal(await system.ask(memory, 'map', map), 'epoch 1970-01-01T00:00:00.000Z');
});

t.test(
  'what cannot be cloned is a dead letter that says so, and nothing else is lost',
  async (t) => {
    const { system, pool, letters } = await givenThreads(t);
    const memory = await pool.spawn('memory', undefined);
    system.send(memory, 'item', 0);
    system.send(memory, 'anything', { callback: () => 1 });
    system.send(memory, 'item', 1);
    t.same(await system.ask(memory, 'order', undefined), [2, 0]);
    t.match(letters, [{ reason: 'undecodable', name: 'anything', detail: /cannot be cloned/ }]);
    t.equal(pool.stats.threads[0]?.messagesRefused, 1);
    const buffer = new ArrayBuffer(1);
    const twice = transferring({ buffer }, [buffer, buffer]);
    await t.rejects(system.ask(memory, 'size', twice), { code: 'KAON_ASK_REFUSED' });
  },
);

t.test('large bodies pass: bytes, text and lists', async (t) => {
  const { system, pool } = await givenThreads(t, { ringBytes: 1 });
  const worker = await pool.spawn('work', {});
  const bytes = new Uint8Array(3_000_000).fill(3);
  const back = (await system.ask(worker, 'echo', bytes)) as Uint8Array;
  t.ok(Buffer.from(back).equals(bytes));
  const text = 'ü'.repeat(1_000_000);
  t.equal(await system.ask(worker, 'echo', text), text);
  for (const size of [1, 47, 48, 49, 127, 32_760, 32_768, 32_769, 65_536]) {
    const some = new Uint8Array(size).fill(size & 0xff);
    const echoed = (await system.ask(worker, 'echo', some)) as Uint8Array;
    t.ok(Buffer.from(echoed).equals(some), `${size} bytes`);
  }
});

t.test('bytes that a receiver keeps are not overwritten by later ones', async (t) => {
  const { system, pool } = await givenThreads(t);
  const worker = await pool.spawn('work', {});
  const asks = Array.from({ length: 2000 }, (_, n) =>
    system.ask(worker, 'echo', new Uint8Array(500).fill(n & 0xff)),
  );
  const answers = (await Promise.all(asks)) as Uint8Array[];
  t.ok(answers.every((bytes, n) => bytes.length === 500 && bytes.every((b) => b === (n & 0xff))));
});

t.test('more ids than the tables hold are still told apart', async (t) => {
  const { system, pool, letters } = await givenThreads(t);
  const worker = await pool.spawn('work', {});
  for (let n = 0; n < 70_000; n += 1) {
    system.send(new Pid(`${pool.places[0]}ghost-${n}`, 'local', memoryProtocol), 'item', n);
    if (n % 10_000 === 0) await system.ask(worker, 'echo', n);
  }
  system.send(worker, 'note', 'still here');
  t.same(await system.ask(worker, 'read', undefined), ['still here']);
  t.equal(pool.stats.threads[0]?.deadLetters, 70_000);
  t.same(letters, []);
});

t.test('asks time out, and unknown messages are refused', async (t) => {
  const { system, pool } = await givenThreads(t);
  const worker = await pool.spawn('work', {});
  const slow = system.ask(worker, 'never', undefined, { timeoutMs: 1 });
  await t.rejects(slow, { code: 'KAON_ASK_TIMEOUT' });
  const wrong = new Pid(worker.id, worker.address, memoryProtocol);
  await t.rejects(system.ask(wrong, 'order', undefined), { code: 'KAON_ASK_REFUSED' });
  const nobody = new Pid(`${pool.places[0]}nobody`, 'local', memoryProtocol);
  await t.rejects(system.ask(nobody, 'order', undefined), { code: 'KAON_ASK_NO_ACTOR' });
  t.equal(await exitOf(system, nobody), 'stopped');
});

t.test(
  'what a full ring cannot take waits, and beyond the bound it is dropped and counted',
  async (t) => {
    const outboundBytesMax = 1024 * 1024;
    const { system, pool, letters } = await givenThreads(t, { ringBytes: 1, outboundBytesMax });
    const holder = await pool.spawn('memory', undefined);
    const worker = await pool.spawn('work', {});
    const words = new Int32Array(new SharedArrayBuffer(4));
    system.send(holder, 'hold', words);
    const sent = 5000;
    for (let n = 0; n < sent; n += 1) system.send(worker, 'bytes', new Uint8Array(1000));
    const [thread] = pool.stats.threads;
    const dropped = letters.length;
    t.ok(dropped > 0 && dropped < sent, `${dropped} of ${sent}`);
    t.equal(thread?.messagesDropped, dropped);
    t.ok(
      (thread?.waitingBytes ?? 0) > 0 && (thread?.waitingBytes ?? 0) <= outboundBytesMax + 100_000,
    );
    t.match(letters[0], { reason: 'unreachable', name: 'bytes', detail: /bytes are waiting/ });
    const exit = exitOf(system, worker);
    Atomics.store(words, 0, 1);
    Atomics.notify(words, 0);
    while ((pool.stats.threads[0]?.waitingBytes ?? 0) > 0) {
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    t.equal(await system.ask(worker, 'bytesTaken', undefined), sent - dropped, 'what waited came');
    system.send(worker, 'stop', undefined);
    t.equal(await exit, 'stopped', 'a link is made however full it is');
  },
);

t.test('what waits in the port is bounded too', async (t) => {
  const { system, pool, letters } = await givenThreads(t, { outboundBytesMax: 1_000_000 });
  const holder = await pool.spawn('memory', undefined);
  const release = await hold(system, holder);
  for (let n = 0; n < 20; n += 1) {
    system.send(holder, 'anything', { bytes: 1 });
    system.send(holder, 'anything', transferring({}, [new ArrayBuffer(100_000)]));
  }
  t.ok(letters.length > 0 && letters.length < 40, `${letters.length} of 40`);
  release();
  await system.ask(holder, 'order', undefined);
  t.equal(pool.stats.threads[0]?.waitingBytes, 0);
});

t.test('with failLink a thread that takes too little is ended', async (t) => {
  const { system, pool } = await givenThreads(t, {
    outboundBytesMax: 100_000,
    onCongested: 'failLink',
    restarts: false,
  });
  const holder = await pool.spawn('memory', undefined);
  const exit = exitOf(system, holder);
  await hold(system, holder);
  for (let n = 0; n < 100; n += 1) system.send(holder, 'anything', new Uint8Array(50_000));
  t.equal(await exit, 'unreachable');
  t.equal(pool.stats.lost, 1);
});

t.test('a thread that floods a busy main thread is bounded as well', async (t) => {
  const outboundBytesMax = 1024 * 1024;
  const { system, pool } = await givenThreads(t, { ringBytes: 1, outboundBytesMax });
  const flooder = await pool.spawn('memory', undefined);
  const { work } = await import('./actors.js');
  const here = system.spawn(work, {}, { id: 'here' });
  const words = new Int32Array(new SharedArrayBuffer(4));
  const notes = 5000;
  system.send(flooder, 'flood', { to: here.toString(), notes, words });
  // The message leaves at the end of this turn; then main takes nothing until the flood is over.
  await Promise.resolve();
  await Promise.resolve();
  t.not(Atomics.wait(words, 0, 0, 60_000), 'timed-out');
  // On a busy machine a flood takes its time to drain.
  await system.ask(flooder, 'order', undefined, { timeoutMs: 60_000 });
  const [thread] = pool.stats.threads;
  const dropped = thread?.messagesDropped ?? 0;
  t.ok(dropped > 0 && dropped < notes, `${dropped} of ${notes}`);
  t.equal(thread?.deadLetters, dropped);
  const taken = await system.ask(here, 'read', undefined, { timeoutMs: 60_000 });
  t.equal(taken.length, notes - dropped, 'what waited came');
});
