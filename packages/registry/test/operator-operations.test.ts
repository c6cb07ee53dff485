// What operators may do: quotas, maintenance, draining. Everything is read back by a registrar that takes over.
import { systemClock } from '@kaon/primitives';
import type { DrainConfig, maintenanceV1 } from '@kaon/protocol';
import {
  admitAgent,
  deactivateAgent,
  drainAgent,
  machineKey,
  markAgentDrained,
  markAgentGone,
  markAgentReachable,
  markAgentUnreachable,
  memoryStorage,
  type Operation,
  Registrar,
  type RegistryView,
  reactivateAgent,
  removeQuota,
  SCHEDULE_ID,
  type Storage,
  startMaintenance,
  stopMaintenance,
  updateQuotas,
  updateSchedule,
} from '@kaon/registry';
import t from 'tap';
import { agentInfo, at, masterInfo } from './builders/agents.ts';

interface World {
  apply(operation: Operation): Promise<boolean>;
  /** The facts as another registrar reads them. */
  facts(): Promise<RegistryView>;
}

async function givenWorld(...operations: readonly Operation[]): Promise<World> {
  const storage: Storage = memoryStorage();
  const open = async (): Promise<Registrar> => {
    const opened = new Registrar({
      storage,
      clock: systemClock(),
      capabilities: ['AGENT_DRAINING', 'QUOTA_V2'],
    });
    await opened.recover(masterInfo());
    return opened;
  };
  let registrar = await open();
  for (const operation of operations) await registrar.apply(operation);
  return {
    apply: async (operation) => (await registrar.apply(operation)).ok,
    facts: async () => {
      registrar = await open();
      return registrar.facts;
    },
  };
}

const GHOST = { hostname: 'ghost.example', ip: '10.9.8.7' };
const OTHER = { hostname: 'other.example', ip: '10.9.8.8' };
const CONFIG: DrainConfig = { markGone: false, maxGracePeriod: { nanoseconds: 5e9 } };

function schedule(...machineIds: readonly (typeof GHOST)[]): maintenanceV1.Schedule {
  if (machineIds.length === 0) return { windows: [] };
  return { windows: [{ machineIds, unavailability: { start: { nanoseconds: 1000 } } }] };
}

t.test('quotas are set together, stay when reset, and go when removed', async (t) => {
  const cpus = { guarantees: { cpus: { value: 1 } }, limits: { cpus: { value: 2 } } };
  const world = await givenWorld(
    updateQuotas([
      { role: 'a', ...cpus },
      { role: 'b', guarantees: {}, limits: {} },
    ]),
  );
  let facts = await world.facts();
  t.same(facts.get('quota', 'a'), { role: 'a', ...cpus });
  t.same(facts.get('quota', 'b'), { role: 'b', guarantees: {}, limits: {} });
  t.ok(facts.get('minimumCapability', 'QUOTA_V2'), 'a master without quotas must not lead now');
  t.ok(await world.apply(removeQuota('a')));
  t.ok((await world.facts()).get('minimumCapability', 'QUOTA_V2'));
  t.ok(await world.apply(removeQuota('b')));
  facts = await world.facts();
  t.same([...facts.entries('quota')], []);
  t.notOk(facts.get('minimumCapability', 'QUOTA_V2'));
  const bad = [
    { role: 'ok', ...cpus },
    { role: 'a\n', ...cpus },
  ];
  t.notOk(await world.apply(updateQuotas(bad)));
  t.same([...(await world.facts()).entries('quota')], [], 'all, or none');
});

t.test(
  'machines drain by the schedule, go down, and leave the schedule when they are up',
  async (t) => {
    const world = await givenWorld(updateSchedule(schedule(GHOST, OTHER)));
    const modeOf = async (id: typeof GHOST) =>
      (await world.facts()).get('machine', machineKey(id))?.info.mode;
    t.equal(await modeOf(GHOST), 'DRAINING');
    t.notOk(await world.apply(stopMaintenance([GHOST])), 'only what is down comes up');
    t.ok(await world.apply(startMaintenance([{ ...GHOST, hostname: 'GHOST.example' }])));
    t.equal(await modeOf(GHOST), 'DOWN');
    t.notOk(await world.apply(startMaintenance([GHOST])), 'only what drains goes down');
    t.notOk(await world.apply(updateSchedule(schedule(OTHER))), 'what is down stays scheduled');
    t.ok(await world.apply(updateSchedule(schedule(GHOST, OTHER))));
    t.equal(await modeOf(GHOST), 'DOWN', 'a new schedule does not bring it up');
    t.ok(await world.apply(stopMaintenance([GHOST])));
    t.equal(await modeOf(GHOST), undefined);
    t.match((await world.facts()).get('schedule', SCHEDULE_ID), {
      windows: [{ machineIds: [OTHER] }],
    });
    t.ok(await world.apply(updateSchedule(schedule())));
    t.equal(await modeOf(OTHER), undefined);
  },
);

t.test('draining and deactivation follow an agent through silence and return', async (t) => {
  const world = await givenWorld(admitAgent(agentInfo('a1')));
  t.notOk(await world.apply(markAgentDrained('a1')), 'what does not drain is not drained');
  t.ok(await world.apply(drainAgent('a1', CONFIG)));
  const draining = { drainInfo: { state: 'DRAINING', config: CONFIG }, deactivated: true };
  t.match((await world.facts()).get('agent', 'a1'), draining);
  await world.apply(markAgentUnreachable('a1', at(7)));
  t.match((await world.facts()).get('unreachable', 'a1'), draining);
  t.ok(await world.apply(markAgentDrained('a1')));
  await world.apply(markAgentReachable(agentInfo('a1')));
  t.match((await world.facts()).get('agent', 'a1'), { drainInfo: { state: 'DRAINED' } });
  t.ok(await world.apply(reactivateAgent('a1')));
  const active = (await world.facts()).get('agent', 'a1');
  t.same([active?.drainInfo, active?.deactivated], [undefined, false]);
  t.ok(await world.apply(deactivateAgent('a1')));
  t.match((await world.facts()).get('agent', 'a1'), { deactivated: true });
  await world.apply(markAgentGone('a1', at(9)));
  for (const operation of [
    drainAgent('a1', CONFIG),
    deactivateAgent('a1'),
    reactivateAgent('a1'),
  ]) {
    t.notOk(await world.apply(operation), `${operation.name} of an agent that is gone`);
  }
});
