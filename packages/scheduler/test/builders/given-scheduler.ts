// A connected typed scheduler whose master is the test.
import { seededRandom } from '@kaon/primitives';
import { type ConnectOptions, connectScheduler, type TaskScheduler } from '@kaon/scheduler';
import { VirtualClock } from '@kaon/testkit';
import type { Test } from 'tap';
import { FakeConnection, settled } from './fake-connection.ts';

export interface GivenScheduler {
  readonly scheduler: TaskScheduler;
  readonly master: FakeConnection;
  readonly clock: VirtualClock;
}

/** Subscribed; it ends with the test. */
export async function givenScheduler(
  t: Test,
  options: Partial<ConnectOptions> = {},
): Promise<GivenScheduler> {
  const master = new FakeConnection();
  const clock = new VirtualClock();
  const connecting = connectScheduler({
    master: 'fake:5050',
    framework: { name: 'test', user: 'tester' },
    connection: master,
    clock,
    random: seededRandom(1),
    ...options,
  });
  await settled();
  master.subscribed();
  const scheduler = await connecting;
  t.teardown(() => scheduler.close());
  return { scheduler, master, clock };
}
