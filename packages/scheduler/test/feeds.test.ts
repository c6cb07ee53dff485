// Offers and updates as loops: what the body's end, a break and an error mean for the master.
import type { TaskUpdate } from '@kaon/scheduler';
import t from 'tap';
import { launchedBy, offer, settled, updateUuid } from './builders/fake-connection.ts';
import { givenScheduler } from './builders/given-scheduler.ts';

const agentId = { value: 'a1' };
const running = { state: 'TASK_RUNNING', agentId } as const;

async function next<T>(feed: AsyncIterator<T, undefined>): Promise<T> {
  const { value } = await feed.next();
  if (value === undefined) throw new Error('the feed has ended');
  return value;
}

t.test('an offer is answered by the body of the loop, or declined after it', async (t) => {
  const { scheduler, master } = await givenScheduler(t);
  const offers = scheduler.offers();
  await master.called('REVIVE');
  master.offers(offer('o1'), offer('o2', { agent: 'a2' }), offer('o3', { agent: 'a3' }));

  const first = await next(offers);
  t.equal(first.offer.hostname, 'a1.example');
  const [task] = first.launch({ command: 'echo 1', cpus: 1 }, { command: 'echo 2', cpus: 3 });
  const call = await master.called('ACCEPT');
  t.same(call.accept?.offerIds, [{ value: 'o1' }]);
  t.same(
    launchedBy(call).map(({ command }) => command?.value),
    ['echo 1', 'echo 2'],
  );
  t.equal(task?.agent?.hostname, 'a1.example');
  t.equal(first.isOpen, false);
  t.throws(() => first.launch({ command: 'true' }), { code: 'KAON_OFFER_CLOSED', offerId: 'o1' });

  const second = await next(offers);
  t.equal(master.callsOf('DECLINE').length, 0, 'the first was answered');
  t.equal(second.isOpen, true);
  const third = await next(offers);
  const decline = await master.called('DECLINE');
  t.same(decline.decline?.offerIds, [{ value: 'o2' }], 'the second was not');
  t.equal(second.isOpen, false);

  await third.accept([{ type: 'UNRESERVE', unreserve: { resources: [] } }], { refuseSeconds: 7 });
  t.match((await master.called('ACCEPT', 2)).accept, {
    offerIds: [{ value: 'o3' }],
    filters: { refuseSeconds: 7 },
  });
  await t.rejects(third.accept([]), { code: 'KAON_OFFER_CLOSED' });
});

t.test('leaving the loop declines what is left and asks for no more offers', async (t) => {
  const { scheduler, master } = await givenScheduler(t);
  const offers = scheduler.offers();
  master.offers(offer('o1'), offer('o2', { agent: 'a2' }));
  await next(offers);
  await offers.return?.();
  await master.called('SUPPRESS');
  t.same(
    master.callsOf('DECLINE').flatMap(({ decline }) => decline?.offerIds.map(({ value }) => value)),
    ['o1', 'o2'],
  );
  t.same(await offers.next(), { done: true, value: undefined });
});

t.test('queued tasks come first; readers get what those leave, in turn', async (t) => {
  const { scheduler, master } = await givenScheduler(t);
  const [left, right] = [scheduler.offers(), scheduler.offers()];
  scheduler.launch({ command: 'true' });
  master.offers(offer('o1'), offer('o2', { agent: 'a2' }), offer('o3', { agent: 'a3' }));
  t.same((await master.called('ACCEPT')).accept?.offerIds, [{ value: 'o1' }]);
  t.equal((await next(left)).offer.id.value, 'o2');
  t.equal((await next(right)).offer.id.value, 'o3');
});

t.test('a rescinded offer is not handed out, and one in hand is closed', async (t) => {
  const { scheduler, master } = await givenScheduler(t);
  const offers = scheduler.offers();
  master.offers(offer('o1'), offer('o2', { agent: 'a2' }), offer('o3', { agent: 'a3' }));
  const first = await next(offers);
  master.event({ type: 'RESCIND', rescind: { offerId: { value: 'o1' } } });
  master.event({ type: 'RESCIND', rescind: { offerId: { value: 'o2' } } });
  await settled();
  t.equal(first.isOpen, false);
  t.equal((await next(offers)).offer.id.value, 'o3');
  t.equal(master.callsOf('DECLINE').length, 0, 'what is gone needs no answer');
});

t.test('offers are void when the connection breaks', async (t) => {
  const { scheduler, master } = await givenScheduler(t);
  const offers = scheduler.offers();
  master.offers(offer('o1'), offer('o2', { agent: 'a2' }));
  const first = await next(offers);
  master.signal({ kind: 'disconnected', reason: 'broke' });
  master.subscribed();
  master.offers(offer('o3'));
  await settled();
  t.equal(first.isOpen, false);
  const after = await next(offers);
  t.equal(after.offer.id.value, 'o3');
});

t.test(
  'requests that do not fit, or are none, leave the offer open and launch nothing',
  async (t) => {
    const { scheduler, master } = await givenScheduler(t);
    const offers = scheduler.offers();
    master.offers(offer('o1'));
    const open = await next(offers);
    t.throws(() => open.launch({ command: 'true', cpus: 3 }, { command: 'true', cpus: 3 }), {
      code: 'KAON_TASK_REQUEST',
      field: 'cpus, mem',
    });
    t.throws(() => open.launch({ command: '' }), { code: 'KAON_TASK_REQUEST', field: 'command' });
    t.equal(open.isOpen, true);
    t.equal(scheduler.tasks.size, 0);
    open.decline({ refuseSeconds: 60 });
    t.equal((await master.called('DECLINE')).decline?.filters?.refuseSeconds, 60);
  },
);

t.test('an update is acknowledged when the body of the loop is done with it', async (t) => {
  const { scheduler, master } = await givenScheduler(t);
  const updates = scheduler.updates();
  const task = scheduler.launch({ command: 'true' });
  master.offers(offer('o1'));
  await master.called('ACCEPT');
  master.update(task.taskId, { ...running, uuid: updateUuid(1) });
  master.update('stranger', { ...running, uuid: updateUuid(2) });
  const first = await next(updates);
  t.equal(first.task, task);
  t.equal(first.status.state, 'TASK_RUNNING');
  await settled();
  t.equal(master.callsOf('ACKNOWLEDGE').length, 0);
  const second = await next(updates);
  t.same((await master.called('ACKNOWLEDGE')).acknowledge?.uuid, updateUuid(1));
  t.equal(second.task, undefined, 'tasks nobody here launched are among them');
  const waiting = updates.next();
  t.same((await master.called('ACKNOWLEDGE', 2)).acknowledge?.uuid, updateUuid(2));
  await scheduler.close();
  t.same(await waiting, { done: true, value: undefined });
});

t.test('an update the loop was left in comes again to whoever reads then', async (t) => {
  const { scheduler, master } = await givenScheduler(t);
  const task = scheduler.launch({ command: 'true' });
  master.offers(offer('o1'));
  await master.called('ACCEPT');
  const end = { state: 'TASK_FINISHED', agentId, uuid: updateUuid(1) } as const;
  const failing = (async () => {
    for await (const { status } of scheduler.updates())
      throw new Error(`cannot handle ${status.state}`);
  })();
  master.update(task.taskId, end);
  await t.rejects(failing, /cannot handle TASK_FINISHED/);
  await settled();
  t.equal(master.callsOf('ACKNOWLEDGE').length, 0);

  const seen: TaskUpdate[] = [];
  const reading = (async () => {
    for await (const update of scheduler.updates()) seen.push(update);
  })();
  master.update(task.taskId, end);
  await master.called('ACKNOWLEDGE');
  t.equal(seen.length, 1);
  t.equal(seen[0]?.task, task);
  t.equal((await task.finished).state, 'TASK_FINISHED', 'its author heard of it once');
  master.update(task.taskId, end);
  await master.called('ACKNOWLEDGE', 2);
  await scheduler.close();
  await reading;
});

t.test('with several readers each must be done', async (t) => {
  const { scheduler, master } = await givenScheduler(t);
  const [quick, slow] = [scheduler.updates(), scheduler.updates()];
  const task = scheduler.launch({ command: 'true' });
  master.offers(offer('o1'));
  await master.called('ACCEPT');
  master.update(task.taskId, { ...running, uuid: updateUuid(1) });
  await next(quick);
  await next(slow);
  void quick.next();
  await settled();
  t.equal(master.callsOf('ACKNOWLEDGE').length, 0);
  void slow.next();
  await master.called('ACKNOWLEDGE');
});
