// Reading the end of a command from its message, and addresses of masters.
import { parseMasters, taskExit } from '@kaon/scheduler';
import t from 'tap';

t.test('messages of command executors tell how the command ended', async (t) => {
  const exit = (message?: string) => taskExit({ message });
  t.same(exit('Command exited with status 3'), { kind: 'exited', code: 3 });
  t.same(exit('Command terminated with signal Terminated'), {
    kind: 'signaled',
    name: 'Terminated',
    number: 15,
  });
  t.match(exit('Command terminated with signal Segmentation fault (core dumped)'), { number: 11 });
  t.match(exit('Command terminated with signal SIGKILL'), { number: 9 });
  t.match(exit('Command terminated with signal Real-time signal 34'), { number: 34 });
  t.match(exit('Command terminated with signal Whatever'), { name: 'Whatever', number: undefined });
  t.equal(exit('Failed to launch container: no such user'), undefined);
  t.equal(exit(), undefined);
});

t.test('addresses of masters', async (t) => {
  const parse = (text: string) => {
    const parsed = parseMasters(text);
    return parsed.ok ? parsed.value : parsed.error;
  };
  t.same(parse('127.0.0.1:5050'), ['http://127.0.0.1:5050']);
  t.same(parse('leader.example'), ['http://leader.example:5050'], 'the port is Mesos\u2019');
  t.same(parse('[::1]:5050'), ['http://[::1]:5050']);
  t.same(parse('https://leader.example'), ['https://leader.example']);
  t.same(parse('a:1, b:2'), ['http://a:1', 'http://b:2']);
  t.match(parse(''), /empty/);
  t.match(parse('zk://a:2181/mesos'), /zk:\/\/ is not supported/);
  t.match(parse('a:1/path'), /HOST:PORT/);
  t.match(parse('a b'), /HOST:PORT/);
  t.match(parse('http://user:secret@a:1'), /credentials/);
});
