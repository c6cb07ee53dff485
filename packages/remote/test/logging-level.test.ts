// The verbosity of a node: raised for a while over HTTP, and what that lets through.
import { type Logger, silentLogger } from '@kaon/primitives';
import { LoggingLevel, startNode } from '@kaon/remote';
import { VirtualClock } from '@kaon/testkit';
import t from 'tap';

t.test('a raised level lets through what is for developers, and ends by itself', async (t) => {
  const clock = new VirtualClock();
  const level = new LoggingLevel(() => clock);
  const lines: string[] = [];
  const sink: Logger = {
    ...silentLogger,
    info: (_fields, sentence) => void lines.push(sentence ?? ''),
    child: () => sink,
  };
  const logger = level.apply(sink).child({});
  logger.debug({}, 'quiet');
  level.set(2, 1000);
  logger.debug({}, 'heard');
  clock.step(999);
  t.equal(level.level, 2);
  clock.step(1000);
  t.equal(level.level, 0);
  logger.debug({}, 'quiet again');
  level.set(1, 1000);
  level.set(0, 1000);
  logger.debug({}, 'taken back');
  t.strictSame(lines, ['heard']);
});

t.test('/logging/toggle tells the level and sets it, with the sentences of Mesos', async (t) => {
  const node = await startNode();
  t.teardown(() => node.close());
  const get = async (query: string): Promise<readonly [number, string]> => {
    const answer = await fetch(`http://${node.address}/logging/toggle${query}`);
    return [answer.status, await answer.text()];
  };
  t.strictSame(await get(''), [200, '0\n']);
  t.strictSame(await get('?level=1'), [400, "Expecting 'duration=value' in query.\n"]);
  t.strictSame(await get('?duration=1secs'), [400, "Expecting 'level=value' in query.\n"]);
  t.strictSame(await get('?level=x&duration=1secs'), [400, "Failed to convert 'x' to number.\n"]);
  t.strictSame(await get('?level=-1&duration=1secs'), [400, "Invalid level '-1'.\n"]);
  t.equal((await get('?level=1&duration=long'))[0], 400);
  t.strictSame(await get('?level=2&duration=10mins'), [200, '']);
  t.strictSame(await get(''), [200, '2\n']);
});
