// Readers of large answers share the master's thread.
import { VirtualClock } from '@kaon/testkit';
import t from 'tap';
import { SendTurns } from '#master/http/send-turns';

/** A reader of `pages` pages, each of which takes a millisecond to send. */
function readerOf(clock: VirtualClock, sent: string[], name: string, pages: number) {
  let left = pages;
  return (): boolean => {
    sent.push(name);
    clock.jump(clock.monotonicMs() + 1);
    left -= 1;
    return left > 0;
  };
}

t.test(
  'readers together get little at a time, a page each in turn, and all in the end',
  async (t) => {
    const clock = new VirtualClock();
    const turns = new SendTurns(clock);
    const sent: string[] = [];
    for (const name of ['a', 'b', 'c']) turns.add(readerOf(clock, sent, name, 3));
    t.equal(sent.join(''), 'aa', 'the first one is served at once, for as long as a turn is');
    clock.step(clock.monotonicMs());
    t.equal(sent.join(''), 'aaab');
    while (clock.step(clock.monotonicMs()));
    t.equal(sent.join(''), 'aaabcbcbc');
  },
);

t.test('a reader that has gone is called no more', async (t) => {
  const clock = new VirtualClock();
  const turns = new SendTurns(clock);
  const sent: string[] = [];
  const [stays, goes] = ['a', 'b'].map((name) => readerOf(clock, sent, name, 4));
  if (stays === undefined || goes === undefined) throw new Error('both are given');
  turns.add(stays);
  turns.add(goes);
  turns.remove(goes);
  while (clock.step(clock.monotonicMs()));
  t.equal(sent.join(''), 'aaaa');
});
