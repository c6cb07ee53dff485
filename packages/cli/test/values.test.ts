// How the values of flags are spelt where others read them.
import t from 'tap';
import { bytes, duration, integer, spelt } from '#cli/flags/values';

t.test('durations and sizes are spelt as Mesos does, everything else as it is', async (t) => {
  t.equal(spelt(duration(), duration()('15secs')), '15secs');
  t.equal(spelt(duration(), 90_000), '90secs');
  t.equal(spelt(bytes(0, 1024 ** 2), bytes(0, 1024 ** 2)('4KB')), '4KB');
  t.equal(spelt(bytes(0, 1024 ** 2), 1025), '1025B');
  t.equal(spelt(integer(0), 50), '50');
  t.equal(spelt(undefined, 'lmdb'), 'lmdb');
});
