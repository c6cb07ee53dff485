// Addresses as people write them.
import { masterPid, parseMasterAddress } from '@kaon/election';
import t from 'tap';

t.test('host and port, the port alone by default, and a PID are understood', (t) => {
  for (const [text, host, port] of [
    ['127.0.0.1:5050', '127.0.0.1', 5050],
    ['master@10.1.2.3:5055', '10.1.2.3', 5055],
    ['cluster.example', 'cluster.example', 5050],
    [' localhost:80 ', 'localhost', 80],
    ['[::1]:5050', '[::1]', 5050],
  ] as const) {
    const parsed = parseMasterAddress(text);
    t.same(parsed, { ok: true, value: { host, port } }, text);
  }
  t.equal(masterPid({ host: '127.0.0.1', port: 5050 }), 'master@127.0.0.1:5050');
  t.end();
});

t.test('what is no address is refused with what was given', (t) => {
  for (const text of [
    '',
    ':5050',
    '127.0.0.1:',
    '127.0.0.1:0',
    '127.0.0.1:65536',
    'a b:1',
    'http://x:1',
    '-x:1',
    'x@y@z',
  ]) {
    const parsed = parseMasterAddress(text);
    t.notOk(parsed.ok, JSON.stringify(text));
    if (!parsed.ok) t.ok(parsed.error.includes(text), parsed.error);
  }
  t.end();
});

t.test('an ensemble is refused by its kind', (t) => {
  const parsed = parseMasterAddress('zk://127.0.0.1:2181/mesos');
  t.notOk(parsed.ok);
  if (!parsed.ok) t.match(parsed.error, /names a zk ensemble/);
  t.end();
});
