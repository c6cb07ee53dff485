// The life of a task.
import { canTransition, isActive, isTerminal, TaskState, visibleState } from '@kaon/protocol';
import t from 'tap';

const NEVER_LEFT: readonly TaskState[] = [
  'TASK_FINISHED',
  'TASK_FAILED',
  'TASK_KILLED',
  'TASK_ERROR',
  'TASK_DROPPED',
  'TASK_GONE',
  'TASK_GONE_BY_OPERATOR',
];

t.test('nothing follows a terminal state, except that a lost task may be found', async (t) => {
  for (const from of NEVER_LEFT) {
    t.ok(isTerminal(from), from);
    t.notOk(
      TaskState.names.some((to) => canTransition(from, to)),
      `${from} is final`,
    );
  }
  t.ok(isTerminal('TASK_LOST'));
  t.ok(canTransition('TASK_LOST', 'TASK_RUNNING'));
});

t.test('an active task may reach every terminal state and become unreachable', async (t) => {
  const active = TaskState.names.filter(isActive);
  t.same(active, ['TASK_STAGING', 'TASK_STARTING', 'TASK_RUNNING', 'TASK_KILLING']);
  for (const from of active) {
    for (const to of TaskState.names.filter(isTerminal)) t.ok(canTransition(from, to));
    t.ok(canTransition(from, 'TASK_UNREACHABLE'));
    t.notOk(canTransition(from, 'TASK_UNKNOWN'));
  }
});

t.test('a task never goes back while its agent is reachable', async (t) => {
  t.notOk(canTransition('TASK_RUNNING', 'TASK_STARTING'));
  t.notOk(canTransition('TASK_KILLING', 'TASK_RUNNING'));
  t.ok(canTransition('TASK_RUNNING', 'TASK_RUNNING'), 'health and checks repeat a state');
  t.ok(canTransition('TASK_UNREACHABLE', 'TASK_RUNNING'), 'the agent came back');
});

t.test('only partition-aware frameworks see the finer states', async (t) => {
  const finer: readonly TaskState[] = [
    'TASK_DROPPED',
    'TASK_UNREACHABLE',
    'TASK_GONE',
    'TASK_GONE_BY_OPERATOR',
    'TASK_UNKNOWN',
  ];
  for (const state of TaskState.names) {
    t.equal(visibleState(state, true), state);
    t.equal(visibleState(state, false), finer.includes(state) ? 'TASK_LOST' : state);
  }
});
