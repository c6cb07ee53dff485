// PIDs: text form, parsing, equality.
import { isActorId, Pid, pidOf } from '@kaon/actor';
import t from 'tap';
import { counter } from './builders/actors.ts';

t.test('a PID prints as id@host:port, also in JSON and templates', async (t) => {
  const pid = new Pid('master', '127.0.0.1:5050');
  t.equal(pid.toString(), 'master@127.0.0.1:5050');
  t.equal(`${pid}`, 'master@127.0.0.1:5050');
  t.equal(JSON.stringify({ pid }), '{"pid":"master@127.0.0.1:5050"}');
});

t.test('what a PID prints parses back to an equal PID', async (t) => {
  for (const text of ['master@127.0.0.1:5050', 'slave(1)@10.0.0.1:5051', 'a@[::1]:80', 'x@local']) {
    const parsed = pidOf(counter, text);
    t.ok(parsed.ok, text);
    if (parsed.ok) t.equal(parsed.value.toString(), text);
  }
});

t.test('the address is what follows the last @', async (t) => {
  const parsed = pidOf(counter, 'a@b@c:1');
  t.notOk(parsed.ok, 'an id holds no @');
});

t.test('what is not id@address is refused, and quoted short', async (t) => {
  const bad = ['', '@', 'a', 'a@', '@b:1', 'a b@c:1', 'a@b c', 'a\n@b:1', 'ä@b:1', 'a\u0000@b:1'];
  for (const text of [...bad, `${'a'.repeat(256)}@b:1`, `a@${'b'.repeat(262)}`]) {
    const parsed = pidOf(counter, text);
    t.notOk(parsed.ok, JSON.stringify(text.slice(0, 20)));
    if (!parsed.ok) t.ok(parsed.error.length < 150);
  }
});

t.test('an id is 1 to 255 printable characters without @ and white space', async (t) => {
  for (const id of ['a', 'slave(1)', 'framework-1/executor.2', '__proto__', 'x'.repeat(255)]) {
    t.ok(isActorId(id), id.slice(0, 30));
  }
  for (const id of ['', 'a@b', 'a b', 'a\tb', 'é', 'x'.repeat(256)]) t.notOk(isActorId(id));
});
