// The life of a scheduler driver: every method in every state, over both transports.
import t from 'tap';
import {
  givenState,
  METHODS,
  STATES,
  type TestState,
  TRANSPORTS,
} from './builders/given-driver.ts';

const STATUS_IN: Readonly<Record<TestState, string>> = {
  NOT_STARTED: 'DRIVER_NOT_STARTED',
  CONNECTED: 'DRIVER_RUNNING',
  DISCONNECTED: 'DRIVER_RUNNING',
  ABORTED: 'DRIVER_ABORTED',
  STOPPED: 'DRIVER_STOPPED',
};

/** What `start`, `stop`, `abort` return, and the status they lead to. */
const LIFE: Readonly<
  Record<TestState, Readonly<Record<'start' | 'stop' | 'abort', readonly [string, string]>>>
> = {
  NOT_STARTED: {
    start: ['DRIVER_RUNNING', 'DRIVER_RUNNING'],
    stop: ['DRIVER_NOT_STARTED', 'DRIVER_NOT_STARTED'],
    abort: ['DRIVER_NOT_STARTED', 'DRIVER_NOT_STARTED'],
  },
  CONNECTED: {
    start: ['DRIVER_RUNNING', 'DRIVER_RUNNING'],
    stop: ['DRIVER_STOPPED', 'DRIVER_STOPPED'],
    abort: ['DRIVER_ABORTED', 'DRIVER_ABORTED'],
  },
  DISCONNECTED: {
    start: ['DRIVER_RUNNING', 'DRIVER_RUNNING'],
    stop: ['DRIVER_STOPPED', 'DRIVER_STOPPED'],
    abort: ['DRIVER_ABORTED', 'DRIVER_ABORTED'],
  },
  ABORTED: {
    start: ['DRIVER_ABORTED', 'DRIVER_ABORTED'],
    stop: ['DRIVER_ABORTED', 'DRIVER_STOPPED'],
    abort: ['DRIVER_ABORTED', 'DRIVER_ABORTED'],
  },
  STOPPED: {
    start: ['DRIVER_STOPPED', 'DRIVER_STOPPED'],
    stop: ['DRIVER_STOPPED', 'DRIVER_STOPPED'],
    abort: ['DRIVER_STOPPED', 'DRIVER_STOPPED'],
  },
};

for (const transport of TRANSPORTS) {
  for (const state of STATES) {
    t.test(
      `${transport}, ${state}: methods return the status, and call when connected`,
      async (t) => {
        for (const [name, [call, invoke]] of Object.entries(METHODS)) {
          const { driver, master, scheduler, settle } = await givenState(
            t,
            transport,
            state,
            false,
          );
          const callbacks = scheduler.heard.length;
          t.equal(invoke(driver), STATUS_IN[state], `${name} returns the status`);
          await settle();
          t.equal(driver.status, STATUS_IN[state], `${name} leaves it as it was`);
          t.same(
            master.calls.map(({ type }) => type),
            state === 'CONNECTED' ? [call] : [],
            `what ${name} sends`,
          );
          const isLost = name === 'launchTasks' && state === 'DISCONNECTED';
          t.same(
            scheduler.heard.slice(callbacks),
            isLost ? ['t1 TASK_LOST'] : [],
            `what ${name} is answered at once`,
          );
          const dropped = state === 'DISCONNECTED' ? 1 : 0;
          t.equal(driver.stats.callsDropped, dropped, `${name} is counted when it is dropped`);
        }
      },
    );

    t.test(`${transport}, ${state}: start, stop and abort`, async (t) => {
      for (const method of ['start', 'stop', 'abort'] as const) {
        const { driver, master, scheduler, settle } = await givenState(t, transport, state, true);
        const [returned, after] = LIFE[state][method];
        t.equal(driver[method](), returned, `what ${method} returns`);
        t.equal(driver.status, after, `what ${method} leads to`);
        await settle();
        const isTeardown = method === 'stop' && state === 'CONNECTED';
        t.same(
          master.calls.map(({ type }) => type),
          isTeardown ? ['TEARDOWN'] : [],
          `${method} ${isTeardown ? 'removes the framework' : 'keeps the framework'}`,
        );
        if (after !== 'DRIVER_RUNNING') t.equal(await driver.join(), after, 'join tells it');
        const heard = scheduler.heard.length;
        if (state !== 'NOT_STARTED' && after !== 'DRIVER_RUNNING') {
          await master.event({ type: 'RESCIND', rescind: { offerId: { value: 'o1' } } });
          t.equal(scheduler.heard.length, heard, 'callbacks have ceased');
        }
      }
    });

    t.test(`${transport}, ${state}: acknowledging by hand in implicit mode`, async (t) => {
      const { driver, master, settle } = await givenState(t, transport, state, true);
      const isRunning = STATUS_IN[state] === 'DRIVER_RUNNING';
      const [, acknowledge] = METHODS['acknowledgeStatusUpdate'] ?? [];
      t.equal(acknowledge?.(driver), isRunning ? 'DRIVER_ABORTED' : STATUS_IN[state]);
      await settle();
      t.equal(driver.status, isRunning ? 'DRIVER_ABORTED' : STATUS_IN[state]);
      t.same(master.calls, []);
    });
  }

  t.test(`${transport}: stop(true) leaves the framework to a successor`, async (t) => {
    const { driver, master, settle } = await givenState(t, transport, 'CONNECTED', true);
    t.equal(driver.stop(true), 'DRIVER_STOPPED');
    await settle();
    t.equal(await driver.join(), 'DRIVER_STOPPED');
    t.same(master.calls, []);
  });

  t.test(`${transport}: what was called before the end goes out`, async (t) => {
    for (const end of ['stop', 'abort'] as const) {
      const { driver, master, settle } = await givenState(t, transport, 'CONNECTED', true);
      driver.killTask({ value: 't1' });
      if (end === 'stop') driver.stop(true);
      else driver.abort();
      driver.reviveOffers();
      await settle();
      t.same(
        master.calls.map(({ type }) => type),
        ['KILL'],
        `before ${end}`,
      );
    }
  });

  t.test(`${transport}: run starts, and ends with the driver`, async (t) => {
    const { driver, master, settle } = await givenState(t, transport, 'NOT_STARTED', true);
    const ended = driver.run();
    t.equal(driver.status, 'DRIVER_RUNNING');
    await settle();
    await master.subscribed();
    driver.abort();
    await settle();
    t.equal(await ended, 'DRIVER_ABORTED');
  });

  t.test(`${transport}: the driver is an actor that ends with it`, async (t) => {
    const { driver, settle, sim } = await givenState(t, transport, 'CONNECTED', true);
    t.match(driver.pid.toString(), /^scheduler-[0-9a-f-]{36}@framework\.example:1$/);
    const system = sim.systems.find(({ address }) => address === driver.pid.address);
    t.equal(system?.actorCount, 1);
    driver.stop(true);
    await settle();
    t.equal(system?.actorCount, 0);
  });
}

t.test('join of a driver that was not started returns at once', async (t) => {
  const { driver } = await givenState(t, 'connection', 'NOT_STARTED', true);
  t.equal(await driver.join(), 'DRIVER_NOT_STARTED');
});
