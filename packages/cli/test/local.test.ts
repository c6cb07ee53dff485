// `kaon local` on a terminal: the line that is redrawn, and Ctrl-C.
import { main } from '@kaon/cli';
import t from 'tap';
import { FakeTerminal } from './builders/fake-terminal.ts';

class Screen extends FakeTerminal {
  override readonly isTty = true;
  override readonly columns = 70;
}

t.test('progress is one line that fits', async (t) => {
  const terminal = new Screen();
  const args = ['local', '--port', '0', '--agents', '1', '--tasks', '3', '--exit'];
  t.equal(await main(args, terminal), 0);
  const [before = '', ...frames] = terminal.output.split('\r\u001b[K');
  t.match(before, /listening on 127\.0\.0\.1:\d+: a master and 1 agent, files in /);
  t.match(frames[0], /^\[\.{20}\] 0 of 3 done, 0 running, 3 waiting/);
  t.match(frames.at(-1), /^\[#{20}\] 3 of 3 done, 0 running, 0 waiting/);
  t.ok(frames.slice(0, -1).every((frame) => frame.length < 70));
  t.match(terminal.output, /\n\nTASK +AGENT +STATE +EXIT +DURATION\n/);
});

t.test('Ctrl-C in mid-sample ends everything with 130 under --exit', async (t) => {
  const terminal = new Screen();
  const write = terminal.out.bind(terminal);
  terminal.out = (text) => {
    write(text);
    if (text.includes('running')) terminal.press('SIGINT');
  };
  t.equal(await main(['local', '--port', '0', '--agents', '1', '--exit'], terminal), 130);
  t.match(terminal.output, /stopping the cluster/);
  t.notMatch(terminal.output, /TASK +AGENT/);
});
