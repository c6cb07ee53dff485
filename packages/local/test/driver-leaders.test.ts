// A driver that is told of a master which does not lead comes to the one that does, by actor messages alone.
import { type Contender, type Leader, standaloneContender } from '@kaon/election';
import { startMaster } from '@kaon/master';
import { memoryStorage } from '@kaon/registry';
import { MesosSchedulerDriver, type Scheduler } from '@kaon/scheduler';
import { Simulation } from '@kaon/testkit';
import t from 'tap';

const FOLLOWER = '10.0.0.1:5050';
const LEADER = '10.0.0.2:5050';
const nothing = (): void => undefined;
/** Waits for an election that is never held. */
const patient: Contender = { contend: nothing, withdraw: async () => undefined };

/** A master at `address` that sees `leader` lead. */
function givenMaster(sim: Simulation, address: string, contender: Contender, leader: string) {
  const seen: Leader = { pid: `master@${leader}` };
  return startMaster({
    system: sim.createSystem(address),
    storage: memoryStorage(),
    contender,
    detector: {
      watch: (onChange) => {
        onChange(seen);
        return nothing;
      },
      close: async () => undefined,
    },
  });
}

t.test('a driver comes to the leader from any master', async (t) => {
  const sim = new Simulation({ seed: 5 });
  t.teardown(() => sim.close());
  givenMaster(sim, FOLLOWER, patient, LEADER);
  const leading = givenMaster(sim, LEADER, standaloneContender(), LEADER);
  await sim.settle();
  await leading.ready;
  const heard: string[] = [];
  const scheduler: Scheduler = {
    registered: (_driver, { value }, { pid }) => void heard.push(`registered ${value} at ${pid}`),
    reregistered: () => void heard.push('reregistered'),
    disconnected: () => void heard.push('disconnected'),
    resourceOffers: nothing,
    offerRescinded: nothing,
    statusUpdate: nothing,
    frameworkMessage: nothing,
    slaveLost: nothing,
    executorLost: nothing,
    error: (_driver, message) => void heard.push(`error ${message}`),
  };
  const system = sim.createSystem('10.0.0.9:1');
  const framework = {
    name: 'wanderer',
    roles: ['*'],
    capabilities: [{ type: 'MULTI_ROLE' as const }],
  };
  const driver = new MesosSchedulerDriver(scheduler, framework, FOLLOWER, true, undefined, {
    transport: 'actor',
    system,
  });
  driver.start();
  await sim.settle();
  t.match(heard, [/^registered .*-0000 at master@10\.0\.0\.2:5050$/], 'without a pause');
  driver.stop();
  await sim.settle();
  t.equal(await driver.join(), 'DRIVER_STOPPED');
});
