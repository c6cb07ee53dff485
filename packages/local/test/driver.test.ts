// The driver in front of a whole cluster: over actor messages, and over HTTP.

import { startLocalCluster } from '@kaon/local';
import type { FrameworkID, Offer, OfferID } from '@kaon/protocol';
import { MesosSchedulerDriver, type Scheduler, type SchedulerDriver } from '@kaon/scheduler';
import t, { type Test } from 'tap';

const CAPABILITIES = [{ type: 'MULTI_ROLE' as const }, { type: 'RESERVATION_REFINEMENT' as const }];
const FRAMEWORK = {
  name: 'driver-test',
  roles: ['*'],
  capabilities: CAPABILITIES,
  failoverTimeout: 60,
  checkpoint: true,
};

const nothing = (): void => undefined;

/** Writes down what it hears, and launches on every offer what `launch` says. */
function recorder(heard: string[], onOffers: (driver: SchedulerDriver, offer: Offer) => void) {
  const scheduler: Scheduler = {
    registered: (_driver, { value }) => void heard.push(`registered ${value}`),
    reregistered: () => void heard.push('reregistered'),
    disconnected: () => void heard.push('disconnected'),
    resourceOffers: (driver, [offer]) => offer && onOffers(driver, offer),
    statusUpdate(driver, { taskId, state }) {
      heard.push(`${taskId.value} ${state}`);
      if (taskId.value === 'last' && state !== 'TASK_RUNNING' && state !== 'TASK_STARTING') {
        driver.stop();
      }
    },
    error: (_driver, message) => void heard.push(`error ${message}`),
    offerRescinded: nothing,
    frameworkMessage: nothing,
    slaveLost: nothing,
    executorLost: nothing,
  };
  return scheduler;
}

function task(id: string, { agentId }: Offer) {
  const scalar = (name: string, value: number) => ({
    name,
    type: 'SCALAR' as const,
    scalar: { value },
  });
  return {
    name: id,
    taskId: { value: id },
    agentId,
    command: { value: 'true' },
    resources: [scalar('cpus', 0.1), scalar('mem', 32)],
  };
}

async function cluster(t: Test): Promise<string> {
  const { address, close } = await startLocalCluster({ port: 0, agents: 1 });
  t.teardown(close);
  return address;
}

for (const transport of ['auto', 'http', 'actor'] as const) {
  t.test(`${transport}: a task runs, and offers are used once`, async (t) => {
    const master = await cluster(t);
    const heard: string[] = [];
    let used: OfferID | undefined;
    const scheduler = recorder(heard, (driver, offer) => {
      if (used === undefined) {
        used = offer.id;
        driver.launchTasks(offer.id, [task('t1', offer)], { refuseSeconds: 0 });
      } else {
        driver.launchTasks(used, [task('stale', offer)]);
        driver.launchTasks(offer.id, [task('last', offer)]);
        driver.suppressOffers();
      }
    });
    const driver = new MesosSchedulerDriver(scheduler, FRAMEWORK, master, true, undefined, {
      transport,
    });
    t.equal(await driver.run(), 'DRIVER_STOPPED');
    t.equal(driver.stats.transport, transport === 'auto' ? 'actor' : transport);
    t.match(heard[0], /^registered .*-0000$/);
    for (const line of ['t1 TASK_RUNNING', 'last TASK_RUNNING', 'last TASK_FINISHED']) {
      t.ok(heard.includes(line), line);
    }
    t.ok(heard.includes('stale TASK_LOST'), 'an offer that was used is no offer');
  });
}

t.test('a driver that takes over ends the former one', async (t) => {
  const master = await cluster(t);
  const heard: string[] = [];
  let registered: (id: string) => void = nothing;
  const id = new Promise<string>((resolve) => {
    registered = resolve;
  });
  const scheduler = {
    ...recorder(heard, nothing),
    registered: (_driver: SchedulerDriver, { value }: FrameworkID) => registered(value),
  };
  const former = new MesosSchedulerDriver(scheduler, FRAMEWORK, master);
  former.start();
  const value = await id;
  const taken: string[] = [];
  const successor = new MesosSchedulerDriver(
    recorder(taken, (driver) => void driver.stop()),
    { ...FRAMEWORK, id: { value } },
    master,
  );
  successor.start();
  t.equal(await former.join(), 'DRIVER_ABORTED');
  t.same(heard, ['error Framework failed over']);
  t.equal(await successor.join(), 'DRIVER_STOPPED');
  t.same(taken, [`registered ${value}`]);
});
