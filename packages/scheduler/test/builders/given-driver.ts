// A driver before a master played by the test, over either transport: a connection that is iterated, as HTTP
// is, or actor messages in a simulated network.
import type { MessageInit, schedulerV1 } from '@kaon/protocol';
import { MesosSchedulerDriver, type SchedulerDriver } from '@kaon/scheduler';
import { Simulation } from '@kaon/testkit';
import type { Test } from 'tap';
import { ActorMaster } from './actor-master.ts';
import { FakeConnection, settled } from './fake-connection.ts';
import { Recorder } from './recorder.ts';

export const TRANSPORTS = ['connection', 'actor'] as const;
export type TestTransport = (typeof TRANSPORTS)[number];

/** What a test can do as the master. */
export interface PlayedMaster {
  /** Calls so far, without subscriptions. */
  readonly calls: readonly schedulerV1.Call[];
  event(init: MessageInit<schedulerV1.Event>): Promise<void>;
  subscribed(): Promise<void>;
  disconnect(): Promise<void>;
}

export interface GivenDriver {
  readonly driver: MesosSchedulerDriver;
  readonly scheduler: Recorder;
  readonly master: PlayedMaster;
  readonly sim: Simulation;
  /** What plays the master on the actor transport. */
  readonly actors: ActorMaster;
  /** All that can happen without more time has happened. */
  settle(): Promise<void>;
}

export interface GivenDriverOptions {
  readonly isImplicit?: boolean;
  readonly isStarted?: boolean;
  readonly isSubscribed?: boolean;
  readonly callbacksWaitingMax?: number;
}

const MASTER = '127.0.0.1:5050';
/** Longer than any pause between two attempts. */
const BACKOFF_MAX_MS = 60_000;

const FRAMEWORK = {
  name: 'test',
  roles: ['a', 'b'],
  capabilities: [{ type: 'MULTI_ROLE' as const }],
};

export async function givenDriver(
  t: Test,
  transport: TestTransport,
  {
    isImplicit = true,
    isStarted = true,
    isSubscribed = isStarted,
    callbacksWaitingMax,
  }: GivenDriverOptions = {},
): Promise<GivenDriver> {
  const sim = new Simulation({ seed: 1 });
  const actors = new ActorMaster(sim.createSystem(MASTER));
  const connection = new FakeConnection();
  const scheduler = new Recorder();
  const system = sim.createSystem('framework.example:1');
  const settle = async (): Promise<void> => {
    for (let round = 0; round < 3; round += 1) {
      await settled();
      await sim.settle();
    }
  };
  const driver = new MesosSchedulerDriver(scheduler, FRAMEWORK, MASTER, isImplicit, undefined, {
    system,
    callbacksWaitingMax,
    ...(transport === 'actor' ? { transport } : { connection }),
  });
  t.teardown(async () => {
    driver.stop();
    await settle();
    await sim.close();
  });
  const subscribed: MessageInit<schedulerV1.Event> = {
    type: 'SUBSCRIBED',
    subscribed: {
      frameworkId: { value: 'fw-1' },
      heartbeatIntervalSeconds: 15,
      masterInfo: { id: 'm', ip: 0, port: 5050, version: '1.12.0' },
    },
  };
  const master: PlayedMaster =
    transport === 'actor'
      ? {
          get calls() {
            return actors.calls;
          },
          async event(init) {
            actors.event(init);
            await settle();
          },
          async subscribed() {
            if (actors.subscriptions.length === 0) await settle();
            actors.event(subscribed);
            await settle();
          },
          async disconnect() {
            const before = actors.subscriptions.length;
            actors.closeStream('test');
            await settle();
            while (actors.subscriptions.length === before && driver.status === 'DRIVER_RUNNING') {
              await sim.advance(BACKOFF_MAX_MS);
            }
          },
        }
      : {
          get calls() {
            return connection.calls;
          },
          async event(init) {
            connection.event(init);
            await settle();
          },
          async subscribed() {
            connection.event(subscribed);
            await settle();
          },
          async disconnect() {
            connection.signal({ kind: 'disconnected', reason: 'test' });
            await settle();
          },
        };
  if (isStarted) driver.start();
  await settle();
  if (isSubscribed) await master.subscribed();
  return { driver, scheduler, master, sim, actors, settle };
}

/** The states a driver can be in. */
export const STATES = ['NOT_STARTED', 'CONNECTED', 'DISCONNECTED', 'ABORTED', 'STOPPED'] as const;
export type TestState = (typeof STATES)[number];

/** A driver in a state. */
export async function givenState(
  t: Test,
  transport: TestTransport,
  state: TestState,
  isImplicit: boolean,
): Promise<GivenDriver> {
  const given = await givenDriver(t, transport, { isImplicit, isStarted: state !== 'NOT_STARTED' });
  if (state === 'DISCONNECTED') await given.master.disconnect();
  if (state === 'ABORTED') given.driver.abort();
  // For failover: so that what it does is not taken for what the tested method does.
  if (state === 'STOPPED') given.driver.stop(true);
  await given.settle();
  return given;
}

/** Every method of a driver but those of its life, with the call that it makes. */
export const METHODS: Readonly<
  Record<string, readonly [schedulerV1.Call_Type, (driver: SchedulerDriver) => string]>
> = {
  requestResources: ['REQUEST', (driver) => driver.requestResources([])],
  launchTasks: ['ACCEPT', (driver) => driver.launchTasks({ value: 'o1' }, [task('t1')])],
  killTask: ['KILL', (driver) => driver.killTask({ value: 't1' })],
  acceptOffers: ['ACCEPT', (driver) => driver.acceptOffers([{ value: 'o1' }], [])],
  declineOffer: ['DECLINE', (driver) => driver.declineOffer({ value: 'o1' })],
  reviveOffers: ['REVIVE', (driver) => driver.reviveOffers()],
  suppressOffers: ['SUPPRESS', (driver) => driver.suppressOffers(['a'])],
  acknowledgeStatusUpdate: ['ACKNOWLEDGE', (driver) => driver.acknowledgeStatusUpdate(STATUS)],
  sendFrameworkMessage: [
    'MESSAGE',
    (driver) => driver.sendFrameworkMessage({ value: 'e1' }, { value: 'a1' }, new Uint8Array([1])),
  ],
  reconcileTasks: ['RECONCILE', (driver) => driver.reconcileTasks([])],
  updateFramework: [
    'UPDATE_FRAMEWORK',
    (driver) =>
      driver.updateFramework({ ...FRAMEWORK, user: 'u', offerFilters: {}, capabilities: [] }, []),
  ],
};

export const UUID = new Uint8Array([1, 2, 3, 4, 5, 6, 0x40, 8, 0x80, 10, 11, 12, 13, 14, 15, 16]);

const STATUS = {
  taskId: { value: 't1' },
  agentId: { value: 'a1' },
  state: 'TASK_RUNNING' as const,
  uuid: UUID,
};

export function task(id: string, agent = 'a1') {
  return {
    name: id,
    taskId: { value: id },
    agentId: { value: agent },
    command: { value: 'true' },
    resources: [{ name: 'cpus', type: 'SCALAR' as const, scalar: { value: 1 } }],
  };
}
