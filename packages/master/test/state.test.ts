// The indexes of the state agree with each other, and nothing grows without bound.
import { createMessage, isTerminal, Task, type TaskState, toId } from '@kaon/protocol';
import fc from 'fast-check';
import t from 'tap';
import { AgentAdmissions } from '#master/state/agent-admissions';
import { Recent } from '#master/state/recent';
import { TaskRecord } from '#master/state/task-record';
import { givenMaster } from './builders/given-master.ts';
import { resources, uuidOf } from './builders/records.ts';

function task(id: string, state: TaskState = 'TASK_STAGING'): Task {
  return createMessage(Task, {
    name: id,
    taskId: { value: id },
    frameworkId: { value: 'f1' },
    agentId: { value: 'a1' },
    state,
    resources: resources('cpus:1'),
  });
}

function change(state: TaskState, seed = 1, latestState = state) {
  const uuid = uuidOf(seed);
  const status = { taskId: { value: 't' }, state, uuid, data: new Uint8Array(9) };
  return { status, latestState, uuid };
}

t.test('a task frees its resources once, when the agent tells of its end', (t) => {
  const record = new TaskRecord(task('t'));
  t.ok(record.holdsResources);
  t.equal(record.apply(change('TASK_RUNNING', 1, 'TASK_FINISHED')), true);
  t.equal(record.state, 'TASK_FINISHED');
  t.equal(record.forwardedState, 'TASK_RUNNING', 'the framework has not heard of the end');
  t.equal(record.apply(change('TASK_FINISHED', 2)), false);
  t.equal(record.forwardedState, 'TASK_FINISHED');
  t.equal(record.apply(change('TASK_LOST', 3)), false);
  t.equal(record.state, 'TASK_FINISHED', 'an end is final');
  t.end();
});

t.test('the latest status of each state is kept, without its data', (t) => {
  const record = new TaskRecord(task('t'));
  for (const seed of [1, 2, 3]) record.apply(change('TASK_RUNNING', seed));
  record.apply(change('TASK_KILLED', 4));
  t.strictSame(
    record.statuses.map(({ state, uuid, data }) => [state, uuid?.[0], data]),
    [
      ['TASK_RUNNING', 3, undefined],
      ['TASK_KILLED', 4, undefined],
    ],
  );
  t.end();
});

t.test('whatever comes, a task frees its resources at most once', (t) => {
  const states: readonly TaskState[] = [
    'TASK_STARTING',
    'TASK_RUNNING',
    'TASK_KILLING',
    'TASK_FINISHED',
    'TASK_LOST',
    'TASK_FAILED',
  ];
  const changes = fc.array(fc.tuple(fc.constantFrom(...states), fc.constantFrom(...states)));
  fc.assert(
    fc.property(changes, (sequence) => {
      const record = new TaskRecord(task('t'));
      const freed = sequence.filter(([state, latest]) => record.apply(change(state, 1, latest)));
      const hasEnded = sequence.some(([, latest]) => isTerminal(latest));
      t.equal(freed.length, hasEnded ? 1 : 0);
    }),
    { seed: 3, numRuns: 100 },
  );
  t.end();
});

t.test('a removed task is in no index, and in one list of the past', (t) => {
  const given = givenMaster().agent('a1').framework('f1');
  const framework = given.getFramework('f1');
  const agent = given.getAgent('a1');
  const done = given.state.addTask(task('done'));
  const lost = given.state.addTask(task('lost'));
  agent.rememberKill(framework.id, done.id);
  given.state.removeTask(done, 'completed');
  given.state.removeTask(lost, 'unreachable');
  t.equal(framework.tasks.size + agent.tasks.size + agent.killedTasks.size, 0);
  t.strictSame(framework.completedTasks.items(), [done]);
  t.strictSame([...framework.unreachableTasks.values()], [lost]);
  t.equal(framework.usesTaskId(toId('lost')), true, 'it may come back');
  t.equal(framework.usesTaskId(toId('done')), false);
  t.throws(() => given.state.removeTask(done, 'completed'), { name: 'InvariantError' });
  t.end();
});

t.test('what is used of an agent is its live tasks and executors', (t) => {
  const given = givenMaster().agent('a1').framework('f1');
  given.state.addTask(task('t1'));
  given.state.addTask(task('t2', 'TASK_FINISHED'));
  const executor = { executorId: { value: 'e' }, resources: resources('cpus:0.5') };
  given.state.addExecutor(toId('f1'), toId('a1'), executor);
  const used = given.state.usedOn(given.getAgent('a1')).get(toId('f1'));
  t.equal(String(used), 'cpus:1.5');
  t.equal(given.state.removeExecutor(toId('f1'), toId('a1'), toId('nope')), undefined);
  t.equal(given.state.removeExecutor(toId('f1'), toId('a1'), toId('e')), executor);
  t.equal(given.getFramework('f1').executors.size, 0);
  t.end();
});

t.test('what has ended is kept up to a bound', (t) => {
  const given = givenMaster({
    completedFrameworksMax: 2,
    completedTasksPerFrameworkMax: 2,
    unreachableTasksPerFrameworkMax: 1,
  }).agent('a1');
  given.framework('f1');
  for (const id of ['t1', 't2', 't3']) {
    given.state.removeTask(given.state.addTask(task(id)), 'completed');
    given.state.removeTask(given.state.addTask(task(`u${id}`)), 'unreachable');
  }
  const framework = given.getFramework('f1');
  t.strictSame(
    framework.completedTasks.items().map(({ id }) => id),
    ['t2', 't3'],
  );
  t.strictSame([...framework.unreachableTasks.keys()], ['ut3']);
  for (const name of ['f1', 'f2', 'f3']) {
    if (name !== 'f1') given.framework(name);
    given.state.removeFramework(given.getFramework(name), 1);
  }
  t.strictSame([...given.state.completedFrameworks.keys()], ['f2', 'f3']);
  t.equal(given.state.frameworkOnStream('stream-f3'), undefined);
  t.end();
});

t.test('the newest items stay, in order', (t) => {
  fc.assert(
    fc.property(fc.array(fc.integer()), fc.integer({ min: 0, max: 5 }), (items, bound) => {
      const recent = new Recent<number>(bound);
      for (const item of items) recent.push(item);
      t.strictSame(recent.items(), bound === 0 ? [] : items.slice(-bound));
      t.equal(recent.evicted, Math.max(0, items.length - bound));
    }),
    { seed: 5, numRuns: 100 },
  );
  t.end();
});

t.test('one registry write about an agent at a time', (t) => {
  const admissions = new AgentAdmissions();
  const id = toId<never>('a1');
  t.equal(admissions.beginChange(id, 'removing'), true);
  t.equal(admissions.beginChange(id, 'markingUnreachable'), false);
  t.equal(admissions.changeOf(id), 'removing');
  admissions.endChange(id);
  t.equal(admissions.beginChange(id, 'reregistering'), true);
  t.equal(admissions.beginRegistration('slave(1)@h:1'), true);
  t.equal(admissions.beginRegistration('slave(1)@h:1'), false);
  t.equal(admissions.refused, 0);
  t.end();
});
