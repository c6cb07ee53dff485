// One master at a known address.
import { type Leader, standaloneContender, standaloneDetector } from '@kaon/election';
import type { MasterInfo } from '@kaon/protocol';
import t from 'tap';

const INFO: MasterInfo = { id: 'm1', ip: 16777343, port: 5050, capabilities: [] };

function nextTick(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

t.test('a lone contender is elected, but not within the call', async (t) => {
  const contender = standaloneContender();
  let elected = 0;
  contender.contend(INFO, {
    onElected: () => {
      elected += 1;
    },
    onLost: () => t.fail('lost'),
  });
  t.equal(elected, 0);
  await nextTick();
  t.equal(elected, 1);
});

t.test('a contender that withdrew at once is not told that it leads', async (t) => {
  const contender = standaloneContender();
  contender.contend(INFO, { onElected: () => t.fail('elected'), onLost: () => t.fail('lost') });
  await contender.withdraw();
  await nextTick();
  t.pass();
});

t.test('a detector tells every watcher of the one master', async (t) => {
  const detector = standaloneDetector({ host: '10.0.0.1', port: 5050 }, INFO);
  const seen: (Leader | undefined)[] = [];
  detector.watch((leader) => seen.push(leader));
  detector.watch((leader) => seen.push(leader));
  await nextTick();
  t.same(seen, [
    { pid: 'master@10.0.0.1:5050', info: INFO },
    { pid: 'master@10.0.0.1:5050', info: INFO },
  ]);
});

t.test('a watcher that left and one of a closed detector hear nothing', async (t) => {
  const detector = standaloneDetector({ host: '10.0.0.1', port: 5050 });
  detector.watch(() => t.fail('told after it left'))();
  detector.watch(() => t.fail('told after the end'));
  await detector.close();
  await nextTick();
  t.pass();
});
