// Both drivers in front of a whole cluster: a scheduler and an executor of its own talk to each other.
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startLocalCluster } from '@kaon/local';
import type { Offer } from '@kaon/protocol';
import { MesosSchedulerDriver, type Scheduler } from '@kaon/scheduler';
import t from 'tap';

const here = dirname(fileURLToPath(import.meta.url));
const nothing = (): void => undefined;

/** Runs until it hears a message, which it answers; then its task has finished. */
const EXECUTOR = `
import { MesosExecutorDriver } from "@kaon/executor";
const nothing = () => undefined;
let taskId;
const executor = {
  registered: nothing, reregistered: nothing, disconnected: nothing, killTask: nothing,
  error: console.error,
  launchTask(driver, task) {
    taskId = task.taskId;
    driver.sendStatusUpdate({ taskId, state: "TASK_RUNNING" });
  },
  frameworkMessage(driver, data) {
    driver.sendFrameworkMessage(Buffer.from("heard " + Buffer.from(data).toString()));
    driver.sendStatusUpdate({ taskId, state: "TASK_FINISHED" });
    driver.stop();
  },
  shutdown: (driver) => driver.stop(),
};
await new MesosExecutorDriver(executor).run();
`;

const scalar = (name: string, value: number) => ({
  name,
  type: 'SCALAR' as const,
  scalar: { value },
});

function task({ agentId }: Offer) {
  const value = `cd ${here} && exec ${process.execPath} --input-type=module -e '${EXECUTOR}'`;
  return {
    name: 'pair',
    taskId: { value: 't1' },
    agentId,
    resources: [scalar('cpus', 0.1), scalar('mem', 32)],
    executor: {
      type: 'CUSTOM' as const,
      executorId: { value: 'e1' },
      command: { value },
      resources: [scalar('cpus', 0.1), scalar('mem', 32)],
    },
  };
}

for (const transport of ['actor', 'http'] as const) {
  t.test(`${transport}: a message to the executor is answered, and the task ends`, async (t) => {
    const { address, close } = await startLocalCluster({ port: 0, agents: 1 });
    t.teardown(close);
    const heard: string[] = [];
    const scheduler: Scheduler = {
      registered: nothing,
      reregistered: nothing,
      disconnected: nothing,
      offerRescinded: nothing,
      slaveLost: nothing,
      executorLost: nothing,
      resourceOffers(driver, [offer]) {
        if (offer === undefined) return;
        driver.launchTasks(offer.id, [task(offer)]);
        driver.suppressOffers();
      },
      statusUpdate(driver, { state, agentId, message }) {
        heard.push(state);
        if (state === 'TASK_RUNNING' && agentId !== undefined) {
          driver.sendFrameworkMessage({ value: 'e1' }, agentId, Buffer.from('hello'));
        } else {
          heard.push(message ?? '');
          driver.stop();
        }
      },
      frameworkMessage(_driver, { value }, _agentId, data) {
        heard.push(`${value}: ${Buffer.from(data).toString()}`);
      },
      error: (_driver, message) => void heard.push(message),
    };
    const framework = { name: 'pair', checkpoint: true };
    const driver = new MesosSchedulerDriver(scheduler, framework, address, true, undefined, {
      transport,
    });
    t.equal(await driver.run(), 'DRIVER_STOPPED');
    t.same(heard, ['TASK_RUNNING', 'e1: heard hello', 'TASK_FINISHED', '']);
    t.equal(driver.stats.directMessages, transport === 'actor' ? 1 : 0);
  });
}
