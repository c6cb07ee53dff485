// Accepting offers: what is launched, what is refused, and that nothing is lost on the way.
import type { Offer_Operation, TaskInfo } from '@kaon/protocol';
import { Resources } from '@kaon/resources';
import fc from 'fast-check';
import t from 'tap';
import { acceptOffers } from '#master/transitions/accept-offers';
import { declineOffers } from '#master/transitions/decline-offers';
import {
  allocatorCommands,
  eventsTo,
  type GivenMaster,
  givenMaster,
  messagesTo,
  recovered,
} from './builders/given-master.ts';
import { resources, taskInfo } from './builders/records.ts';

function accept(
  given: GivenMaster,
  offerIds: readonly string[],
  operations: readonly Offer_Operation[],
  refuseSeconds?: number,
) {
  const call = {
    offerIds: offerIds.map((value) => ({ value })),
    operations,
    filters: refuseSeconds === undefined ? undefined : { refuseSeconds },
  };
  return acceptOffers(given.state, given.getFramework('f1'), call, given.env);
}

function launch(...taskInfos: readonly TaskInfo[]): Offer_Operation {
  return { type: 'LAUNCH', launch: { taskInfos } };
}

function verdicts(effects: ReturnType<typeof accept>): (string | undefined)[] {
  return eventsTo(effects, 'f1').map(
    ({ update }) => `${update?.status.state} ${update?.status.reason} ${update?.status.message}`,
  );
}

t.test('leftovers go back with the filter of the call', (t) => {
  const cases: [number | undefined, number][] = [
    [undefined, 5000],
    [0, 0],
    [7, 7000],
  ];
  for (const [seconds, refuseMs] of cases) {
    const given = givenMaster()
      .agent('a1')
      .framework('f1')
      .offer('o1', 'f1', 'a1', 'cpus:2;mem:64');
    const effects = accept(given, ['o1'], [launch(taskInfo('t1', 'a1'))], seconds);
    t.match(allocatorCommands(effects), [{ kind: 'recoverResources', refuseMs }]);
    t.strictSame(recovered(effects), ['cpus(allocated: web):1.9; mem(allocated: web):32']);
    t.strictSame(
      messagesTo(effects, 'a1').map(({ name }) => name),
      ['runTask'],
    );
    t.equal(given.state.offers.size, 0);
  }
  t.end();
});

t.test('an accept without operations is a decline', (t) => {
  const given = givenMaster().agent('a1').framework('f1').offer('o1', 'f1', 'a1', 'cpus:2');
  t.strictSame(recovered(accept(given, ['o1'], [])), ['cpus(allocated: web):2']);
  t.end();
});

t.test('several offers of one agent and role make one pool', (t) => {
  const given = givenMaster()
    .agent('a1')
    .framework('f1')
    .offer('o1', 'f1', 'a1', 'cpus:1;mem:64')
    .offer('o2', 'f1', 'a1', 'cpus:1');
  const big = taskInfo('t1', 'a1', { resources: resources('cpus:2;mem:32') });
  const effects = accept(given, ['o1', 'o2'], [launch(big)]);
  t.strictSame(verdicts(effects), []);
  t.strictSame(recovered(effects), ['mem(allocated: web):32']);
  t.end();
});

t.test('offers that do not belong together are refused, and go back', (t) => {
  const given = givenMaster()
    .agent('a1')
    .agent('a2')
    .framework('f1', { roles: ['web', 'ops'] })
    .framework('f2')
    .offer('o1', 'f1', 'a1', 'cpus:1')
    .offer('o2', 'f1', 'a2', 'cpus:1')
    .offer('o3', 'f1', 'a1', 'cpus:1', 'ops')
    .offer('o4', 'f2', 'a1', 'cpus:1');
  const said = (offerIds: readonly string[]): string | undefined =>
    verdicts(accept(given, offerIds, [launch(taskInfo('t1', 'a1'))]))[0];
  const prefix = 'TASK_DROPPED REASON_INVALID_OFFERS Task launched with invalid offers: ';
  t.equal(said([]), `${prefix}No offers specified`);
  t.equal(
    said(['o4']),
    `${prefix}Offer o4 has invalid framework f2 while framework f1 is expected`,
  );
  t.ok(given.getOffer('o4'), "another framework's offer is not touched");
  t.equal(said(['o1', 'o1']), `${prefix}Duplicate offer o1 in offer list`);
  t.equal(given.getOffer('o1'), undefined);
  given.offer('o1', 'f1', 'a1', 'cpus:1');
  t.equal(
    said(['o1', 'o2']),
    `${prefix}Aggregated offers must belong to one single agent. Offer o2 uses agent a2 and agent a1`,
  );
  given.offer('o1', 'f1', 'a1', 'cpus:1');
  t.equal(
    said(['o1', 'o3']),
    `${prefix}Aggregated offers must be allocated to the same role. Offer o3 uses role 'ops' but another is using role 'web'`,
  );
  t.strictSame([...given.state.offers.keys()], ['o4']);
  t.end();
});

t.test('frameworks that know no partitions hear of dropped tasks as lost', (t) => {
  const given = givenMaster()
    .agent('a1')
    .framework('f1', { capabilities: [{ type: 'MULTI_ROLE' }] });
  const [verdict] = verdicts(accept(given, ['gone'], [launch(taskInfo('t1', 'a1'))]));
  t.match(verdict, /^TASK_LOST REASON_INVALID_OFFERS/);
  t.end();
});

t.test('an executor is charged once per agent', (t) => {
  const given = givenMaster().agent('a1').framework('f1').offer('o1', 'f1', 'a1', 'cpus:2;mem:256');
  const executor = {
    executorId: { value: 'e1' },
    command: { value: 'run' },
    resources: resources('cpus:0.5;mem:64'),
  };
  const withExecutor = (id: string): TaskInfo =>
    taskInfo(id, 'a1', { executor, command: undefined });
  const effects = accept(given, ['o1'], [launch(withExecutor('t1'), withExecutor('t2'))]);
  t.strictSame(verdicts(effects), []);
  t.strictSame(recovered(effects), ['cpus(allocated: web):1.3; mem(allocated: web):128']);
  const launches = messagesTo(effects, 'a1').map(({ body }) => body as { launchExecutor: boolean });
  t.strictSame(
    launches.map(({ launchExecutor }) => launchExecutor),
    [true, false],
  );
  t.match(launches, [
    { task: { executor: { type: 'CUSTOM', frameworkId: { value: 'f1' } } } },
    { task: { executor: { resources: [{ allocationInfo: { role: 'web' } }, {}] } } },
  ]);

  given.offer('o2', 'f1', 'a1', 'cpus:2;mem:256');
  const other = { ...executor, command: { value: 'something else' } };
  const clash = taskInfo('t3', 'a1', { executor: other, command: undefined });
  const [verdict] = verdicts(accept(given, ['o2'], [launch(clash)]));
  t.match(verdict, /TASK_ERROR REASON_TASK_INVALID ExecutorInfo is not compatible/);
  t.end();
});

t.test('declining what is gone, or not its own, does nothing', (t) => {
  const given = givenMaster()
    .agent('a1')
    .framework('f1')
    .framework('f2')
    .offer('o1', 'f2', 'a1', 'cpus:1');
  const call = { offerIds: [{ value: 'o1' }, { value: 'nope' }], filters: undefined };
  const effects = declineOffers(given.state, given.getFramework('f1'), call);
  t.strictSame(recovered(effects), []);
  t.ok(given.getOffer('o1'));
  t.end();
});

t.test('whatever is launched, tasks and leftovers add up to the offer', (t) => {
  const offered = 'cpus:4;mem:512;ports:[31000-31009]';
  const task = fc.record({
    id: fc.constantFrom('a', 'b', 'c', 'd', 'x/y'),
    cpus: fc.integer({ min: 0, max: 30 }),
    port: fc.integer({ min: 30995, max: 31012 }),
  });
  fc.assert(
    fc.property(fc.array(fc.array(task, { maxLength: 4 }), { maxLength: 3 }), (launches) => {
      const given = givenMaster().agent('a1').framework('f1').offer('o1', 'f1', 'a1', offered);
      const before = given.getOffer('o1')?.resources ?? Resources.empty;
      const operations = launches.map((tasks) =>
        launch(
          ...tasks.map(({ id, cpus, port }) => {
            const text = `cpus:${cpus / 10};mem:32;ports:[${port}-${port}]`;
            return taskInfo(id, 'a1', { resources: resources(text) });
          }),
        ),
      );
      const effects = accept(given, ['o1'], operations);
      const back = allocatorCommands(effects).flatMap((command) =>
        command.kind === 'recoverResources' ? [command.resources] : [],
      );
      const running = [...given.getFramework('f1').tasks.values()].map(
        ({ resources }) => resources,
      );
      t.ok(Resources.sum([...back, ...running]).equals(before));
      const asked = launches.flat().length;
      t.equal(running.length + verdicts(effects).length, asked, 'every task runs or is answered');
    }),
    { seed: 11, numRuns: 200 },
  );
  t.end();
});
