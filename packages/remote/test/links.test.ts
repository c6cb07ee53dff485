// Links and failures: what watchers hear when actors end, connections break and processes die.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { Pid, pidOf } from '@kaon/actor';
import t, { type Test } from 'tap';
import { exitOf, givenNode, notebook, noteProtocol, watcher } from './builders/actors.ts';

/** A node in a process of its own, with a notebook called `notes`. */
async function givenChild(
  t: Test,
): Promise<{ readonly child: ChildProcess; readonly notes: Pid<typeof noteProtocol> }> {
  const script = `
    import { startNode } from '@kaon/remote';
    import { notebook } from './builders/actors.js';
    const node = await startNode();
    const pid = node.system.spawn(notebook, undefined, { id: 'notes' });
    console.log(String(pid));
    process.stdin.on('end', () => node.close()).resume();
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    cwd: import.meta.dirname,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  const [line] = await once(createInterface(child.stdout), 'line');
  const pid = pidOf(noteProtocol, line);
  if (!pid.ok) throw new Error(pid.error);
  return { child, notes: pid.value };
}

t.test('a watcher hears how a remote actor ended', async (t) => {
  const left = await givenNode(t);
  const right = await givenNode(t);
  const stopping = right.system.spawn(notebook, undefined, { id: 'stopping' });
  const failing = right.system.spawn(notebook, undefined, { id: 'failing' });
  const exits = [
    exitOf(left, new Pid('stopping', right.address)),
    exitOf(left, new Pid('failing', right.address)),
  ];
  await left.system.ask(new Pid('stopping', right.address, noteProtocol), 'read', undefined);
  right.system.send(stopping, 'stop', undefined);
  right.system.send(failing, 'fail', undefined);
  t.same(await Promise.all(exits), ['stopping stopped', 'failing failed']);
  t.equal(left.system.stats.remoteLinks, 0);
  t.equal(right.system.stats.remoteLinks, 0);
});

t.test('who is not there has stopped', async (t) => {
  const left = await givenNode(t);
  const right = await givenNode(t);
  t.equal(await exitOf(left, new Pid('nobody', right.address)), 'nobody stopped');
});

t.test('who unlinks hears nothing', async (t) => {
  const left = await givenNode(t);
  const right = await givenNode(t);
  const notes = right.system.spawn(notebook, undefined, { id: 'notes' });
  const heard: string[] = [];
  left.system.spawn(watcher, {
    target: new Pid('notes', right.address),
    onExited: (_, reason) => heard.push(reason),
    unlinks: true,
  });
  const other = exitOf(left, new Pid('notes', right.address));
  await left.system.ask(new Pid('notes', right.address, noteProtocol), 'read', undefined);
  right.system.send(notes, 'stop', undefined);
  t.equal(await other, 'notes stopped');
  t.same(heard, []);
});

t.test('where nobody listens everything is unreachable', async (t) => {
  const left = await givenNode(t);
  const gone = await givenNode(t);
  await gone.close();
  const target = new Pid('notes', gone.address, noteProtocol);
  t.equal(await exitOf(left, target), 'notes unreachable');
  await t.rejects(left.system.ask(target, 'read', undefined), { code: 'KAON_ASK_UNREACHABLE' });
  t.match(left.letters.at(-1), { reason: 'unreachable', name: 'read' });
  const dead = left.nextDeadLetter();
  left.system.send(target, 'note', 'lost');
  t.match(await dead, { reason: 'unreachable', name: 'note' });
  t.ok(left.remote.stats.dialsFailed >= 2);
});

t.test('a node that closes tells its watchers, then the rest is unreachable', async (t) => {
  const left = await givenNode(t);
  const right = await givenNode(t);
  right.system.spawn(notebook, undefined, { id: 'notes' });
  const target = new Pid('notes', right.address, noteProtocol);
  const exit = exitOf(left, target);
  await left.system.ask(target, 'read', undefined);
  await right.close();
  t.equal(await exit, 'notes stopped');
  await t.rejects(left.system.ask(target, 'read', undefined), { code: 'KAON_ASK_UNREACHABLE' });
});

t.test('a process that is killed is unreachable to its watchers and its askers', async (t) => {
  const left = await givenNode(t);
  const { child, notes } = await givenChild(t);
  left.system.send(notes, 'note', 'hello');
  t.same(await left.system.ask(notes, 'read', undefined), ['hello'], 'two processes talk');
  const exit = exitOf(left, notes);
  const slow = left.system.ask(notes, 'echo', 'x'.repeat(10_000_000));
  slow.catch(() => undefined);
  child.kill('SIGKILL');
  t.equal(await exit, 'notes unreachable');
  await t.rejects(slow, { code: 'KAON_ASK_UNREACHABLE' });
  t.equal(left.remote.stats.connections, 0);
  t.equal(left.remote.stats.connectionsLost, 1);
});

t.test('a node that closes leaves no handle behind', async (t) => {
  const left = await givenNode(t);
  const { child, notes } = await givenChild(t);
  t.same(await left.system.ask(notes, 'read', undefined), []);
  const exit = exitOf(left, notes);
  const exited = once(child, 'exit');
  child.stdin?.end();
  t.same(await exited, [0, null]);
  t.equal(await exit, 'notes stopped');
});

t.test('a node that comes back at its address is found again', async (t) => {
  const left = await givenNode(t);
  const first = await givenNode(t);
  first.system.spawn(notebook, undefined, { id: 'notes' });
  const target = new Pid('notes', first.address, noteProtocol);
  t.equal(await left.system.ask(target, 'echo', 1), 1);
  const exit = exitOf(left, target);
  await left.system.ask(target, 'echo', 1);
  await first.close();
  await exit;
  while (left.remote.stats.connections > 0) {
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  const port = Number(first.address.split(':')[1]);
  const second = await givenNode(t, { port });
  second.system.spawn(notebook, undefined, { id: 'notes' });
  t.equal(await left.system.ask(target, 'echo', 2), 2);
  t.equal(second.remote.stats.connections, 1);
});
