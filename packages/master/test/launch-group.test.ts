// LAUNCH_GROUP: all tasks or none, and what is wrong with a group.
import {
  createMessage,
  ExecutorInfo,
  type internal,
  type MessageInit,
  type TaskInfo,
} from '@kaon/protocol';
import t from 'tap';
import { acceptOffers } from '#master/transitions/accept-offers';
import {
  eventsTo,
  type GivenMaster,
  givenMaster,
  messagesTo,
  recovered,
} from './builders/given-master.ts';
import { resources, taskInfo } from './builders/records.ts';

const OFFERED = 'cpus:2;mem:256;disk:64;ports:[1-10]';
const ENOUGH = 'cpus:0.1;mem:32;disk:16';

function given(): GivenMaster {
  return givenMaster().agent('a1').framework('f1').offer('o1', 'f1', 'a1', OFFERED);
}

function executorOf(text: string, init: Partial<MessageInit<ExecutorInfo>> = {}): ExecutorInfo {
  return createMessage(ExecutorInfo, {
    type: 'DEFAULT',
    executorId: { value: 'ge' },
    resources: text === '' ? [] : [...resources(text)],
    ...init,
  });
}

function launch(master: GivenMaster, executor: ExecutorInfo, ...tasks: readonly TaskInfo[]) {
  const operations = [
    { type: 'LAUNCH_GROUP' as const, launchGroup: { executor, taskGroup: { tasks } } },
  ];
  const call = { offerIds: [{ value: 'o1' }], operations, filters: undefined };
  return acceptOffers(master.state, master.getFramework('f1'), call, master.env);
}

t.test('a group is launched by one message and charged once, with its executor', (t) => {
  const master = given();
  const effects = launch(master, executorOf(ENOUGH), taskInfo('t1', 'a1'), taskInfo('t2', 'a1'));
  const [message, ...more] = messagesTo(effects, 'a1');
  t.equal(message?.name, 'runTaskGroup');
  t.equal(more.length, 0);
  const body = message?.body as internal.RunTaskGroupMessage;
  t.equal(body.launchExecutor, true);
  t.same(body.executor.frameworkId, { value: 'f1' });
  t.strictSame(
    body.taskGroup.tasks.map(({ executor }) => executor?.executorId.value),
    ['ge', 'ge'],
  );
  t.equal(body.resourceVersionUuids.length, 1);
  t.strictSame(recovered(effects), [
    'cpus(allocated: web):1.7; mem(allocated: web):160; disk(allocated: web):48; ports(allocated: web):[1-10]',
  ]);
  t.equal(master.getFramework('f1').tasks.size, 2);
  t.end();
});

t.test('what is wrong with one task, or with all of them, is said to each', (t) => {
  const task = taskInfo('t1', 'a1');
  const at = (id: string, port: number): TaskInfo =>
    taskInfo(id, 'a1', { resources: [...resources(`cpus:0.1;ports:[${port}-5]`)] });
  const cases: [ExecutorInfo, readonly TaskInfo[], string | RegExp][] = [
    [
      executorOf(''),
      [task],
      "Executor 'ge' uses less CPUs (None) than the minimum required (0.01)",
    ],
    [
      executorOf('cpus:0.1'),
      [task],
      "Executor 'ge' uses less memory (None) than the minimum required (32MB)",
    ],
    [executorOf('cpus:0.1;mem:32'), [task], "Executor 'ge' uses no disk"],
    [
      executorOf(ENOUGH),
      [task, taskInfo('a/b', 'a1')],
      "Task 'a/b' is invalid: 'a/b' contains invalid characters",
    ],
    [executorOf(ENOUGH), [task, task], "Task 't1' is invalid: Task has duplicate ID: t1"],
    [
      executorOf(ENOUGH),
      [taskInfo('t1', 'a1', { executor: executorOf('cpus:0.2') })],
      "The `ExecutorInfo` of task 't1' is different from executor 'ge'",
    ],
    [
      executorOf(ENOUGH),
      [taskInfo('t1', 'a1', { container: { type: 'DOCKER' } })],
      "Task 't1' is invalid: Docker ContainerInfo is not supported on the task",
    ],
    [
      executorOf(ENOUGH),
      [at('t1', 3), at('t2', 5)],
      /^There are overlapping resources in the task group's task resources/,
    ],
    [
      executorOf('cpus:2;mem:32;disk:16'),
      [task],
      /required by task group and its executor are more than available/,
    ],
    [
      executorOf(ENOUGH, { type: undefined, command: { value: 'x' } }),
      [task],
      "'ExecutorInfo.type' must be set",
    ],
  ];
  for (const [executor, tasks, text] of cases) {
    const master = given();
    const effects = launch(master, executor, ...tasks);
    const statuses = eventsTo(effects, 'f1').map(({ update }) => update?.status);
    t.equal(statuses.length, tasks.length);
    for (const status of statuses) {
      t.match(status, { state: 'TASK_ERROR', reason: 'REASON_TASK_GROUP_INVALID' });
      t.match(status?.message, text);
    }
    t.strictSame(messagesTo(effects, 'a1'), [], 'nothing runs');
    t.equal(master.getFramework('f1').tasks.size, 0);
    t.match(recovered(effects)[0], 'cpus(allocated: web):2;');
  }
  t.end();
});
