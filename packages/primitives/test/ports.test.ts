// The logger that writes nothing.
import { silentLogger } from '@kaon/primitives';
import t from 'tap';

t.test('the silent logger takes every line and has silent children', async (t) => {
  const child = silentLogger.child({ pid: 'x' });
  for (const level of ['debug', 'info', 'warn', 'error'] as const) {
    t.equal(silentLogger[level]({}, 'nothing'), undefined);
    t.equal(child[level]({}), undefined);
  }
});
