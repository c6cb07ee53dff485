// Transitions alone: a state, a message, and the effects that come out. No actor, no clock, no disk.
import { Pid } from '@kaon/actor';
import { seededRandom } from '@kaon/primitives';
import { AgentInfo, createMessage, internal } from '@kaon/protocol';
import t from 'tap';
import { AgentPaths } from '#agent/checkpoint/paths';
import type { Effect } from '#agent/effects';
import type { ExecutorClaims } from '#agent/executors/executor-tokens';
import { AgentState } from '#agent/state/agent-state';
import { checkpointResources } from '#agent/transitions/apply-operation';
import { masterDetected, masterExited } from '#agent/transitions/detect-master';
import type { Env } from '#agent/transitions/env';
import { executorCall } from '#agent/transitions/executor-call';
import { executorStarted } from '#agent/transitions/executor-started';
import { resourcesCheckpointed } from '#agent/transitions/operation-status';
import { pinged } from '#agent/transitions/ping';
import { launchCheckpointed } from '#agent/transitions/prepare-launch';
import {
  agentInfoCheckpointed,
  agentRegistered,
  registrationDue,
} from '#agent/transitions/register';
import { runTask } from '#agent/transitions/run-task';
import { executorStatus, updateCheckpointed } from '#agent/transitions/status-update';
import {
  FakeConnection,
  FRAMEWORK_ID,
  givenCustomTask,
  givenFramework,
  givenTask,
} from './builders/simulated-agent.ts';

const env: Env = {
  nowMs: 1_700_000_000_000,
  random: seededRandom(1),
  settings: {
    registrationBackoffFactorMs: 1000,
    executorShutdownGraceMs: 5000,
    executorRegistrationTimeoutMs: 60_000,
    executorReregistrationTimeoutMs: 2000,
    containerDestroyTimeoutMs: 60_000,
    tasksMax: 10,
  },
};

const MASTER = 'master@10.0.0.1:5050';

function givenState(): AgentState {
  const resources = givenTask('any', 'true', 'cpus:4;mem:1024').resources;
  return new AgentState(
    {
      pid: 'slave(1)@10.0.0.2:5051',
      ipAddress: '10.0.0.2',
      version: '1.12.0',
      startedMs: 0,
      paths: new AgentPaths('/w'),
    },
    createMessage(AgentInfo, { hostname: 'h', resources }),
  );
}

function givenRegistered(): AgentState {
  const state = givenState();
  masterDetected(state, { master: MASTER }, env);
  agentRegistered(state, { agentId: { value: 'S0' } });
  agentInfoCheckpointed(state, {}, env);
  return state;
}

function kinds(effects: readonly Effect[]): readonly string[] {
  return effects
    .filter(({ kind }) => kind !== 'log')
    .map((effect) => ('name' in effect ? effect.name : effect.kind));
}

function find<K extends Effect['kind']>(effects: readonly Effect[], kind: K) {
  const found = effects.find((effect) => effect.kind === kind);
  if (!found) throw new Error(`no ${kind} among ${kinds(effects)}`);
  return found as Extract<Effect, { kind: K }>;
}

t.test('a detected master is asked after a wait, and linked to when it is asked', async (t) => {
  const state = givenState();
  t.strictSame(kinds(masterDetected(state, { master: MASTER }, env)), ['cancelTimer', 'setTimer']);
  t.strictSame(kinds(registrationDue(state, {}, env)), ['linkMaster', 'registerAgent', 'setTimer']);
});

t.test('another master takes the place of the former', async (t) => {
  const state = givenRegistered();
  const effects = masterDetected(state, { master: 'master@10.0.0.3:5050' }, env);
  t.equal(find(effects, 'unlinkMaster').pid, MASTER);
  t.equal(state.phase, 'registering');
  t.strictSame(masterExited(state, { master: MASTER }, env), [], 'the former may go');
});

t.test('without a master the agent waits', async (t) => {
  const state = givenRegistered();
  masterDetected(state, { master: undefined }, env);
  t.equal(state.phase, 'disconnected');
  t.strictSame(registrationDue(state, {}, env), []);
});

t.test('a registration is acted upon only after it was written', async (t) => {
  const state = givenState();
  masterDetected(state, { master: MASTER }, env);
  const effects = agentRegistered(state, { agentId: { value: 'S0' } });
  const { writes, next } = find(effects, 'persist');
  t.strictSame(
    writes.map(({ kind, path }) => [kind, path]),
    [
      ['directory', '/w/meta/slaves/S0'],
      ['file', '/w/meta/slaves/S0/slave.info'],
      ['link', '/w/meta/slaves/latest'],
    ],
    'the link comes last: what it leads to is whole',
  );
  t.equal(next?.name, 'agentInfoCheckpointed');
  t.equal(state.phase, 'registering');
  agentInfoCheckpointed(state, {}, env);
  t.equal(state.phase, 'running');
});

t.test('a ping is answered to whoever sent it', async (t) => {
  const state = givenState();
  const observer = new Pid('observer', '10.0.0.1:5050');
  const effects = pinged(state, { connected: true }, env, observer);
  t.equal(find(effects, 'pong').to, observer);
});

t.test('a task is written down before it is launched', async (t) => {
  const state = givenRegistered();
  const message = { framework: givenFramework(), task: givenTask('t1') };
  const effects = runTask(state, createMessage(internal.RunTaskMessage, message), env);
  t.strictSame(kinds(effects), ['persist']);
  const { writes, next, after } = find(effects, 'persist');
  t.strictSame(after, ['agent', 'resources'], 'after the agent itself and its volumes');
  t.ok(writes.some(({ path }) => path.endsWith('/tasks/t1/task.info')));
  t.equal(next?.name, 'launchCheckpointed');
  if (next?.name !== 'launchCheckpointed') return;
  t.match(find(launchCheckpointed(state, next.body, env), 'launchCommand').launch, {
    executorId: 't1',
    directory: /^\/w\/slaves\/S0\/frameworks\/F1\/executors\/t1\/runs\//,
  });
});

t.test('an update is written before it is acknowledged and forwarded, in this order', async (t) => {
  const state = givenRegistered();
  const message = { framework: givenFramework(), task: givenTask('t1') };
  const { next } = find(
    runTask(state, createMessage(internal.RunTaskMessage, message), env),
    'persist',
  );
  if (next?.name !== 'launchCheckpointed') return t.fail('the launch goes on');
  launchCheckpointed(state, next.body, env);
  const status = { taskId: { value: 't1' }, state: 'TASK_RUNNING' } as const;
  const effects = executorStatus(state, { ...next.body, status }, env);
  t.strictSame(kinds(effects), ['persist']);
  const written = find(effects, 'persist').next;
  if (written?.name !== 'updateCheckpointed') return t.fail('the update goes on');
  t.strictSame(kinds(updateCheckpointed(state, written.body, env)), [
    'acknowledgeToExecutor',
    'statusUpdate',
    'setTimer',
  ]);
  t.strictSame(updateCheckpointed(state, written.body, env), [], 'once');
});

t.test(
  'an update of an executor that is not known is acknowledged, so that it stops',
  async (t) => {
    const state = givenRegistered();
    const status = { taskId: { value: 't1' }, state: 'TASK_RUNNING' } as const;
    const from = { frameworkId: 'F1', executorId: 't1', containerId: 'c1' };
    t.strictSame(kinds(executorStatus(state, { ...from, status }, env)), ['acknowledgeToExecutor']);
    t.equal(state.counters.invalidStatusUpdates, 1);
  },
);

t.test('an agent does not register while what it has is not on disk', async (t) => {
  const state = givenRegistered();
  const resources = givenTask('any', 'true', 'cpus:1').resources.map((one) => ({
    ...one,
    reservations: [{ type: 'DYNAMIC', role: 'web' } as const],
  }));
  const effects = checkpointResources(state, { resources });
  t.equal(find(effects, 'persist').next?.name, 'resourcesCheckpointed');
  masterExited(state, { master: MASTER }, env);
  t.strictSame(kinds(registrationDue(state, {}, env)), ['setTimer']);
  resourcesCheckpointed(state);
  const asked = registrationDue(state, {}, env);
  t.strictSame(kinds(asked), ['linkMaster', 'reregisterAgent', 'setTimer']);
  t.match(find(asked, 'sendToMaster').body, {
    checkpointedResources: [{ name: 'cpus', reservations: [{ role: 'web' }] }],
  });
});

t.test('who subscribes before anything was launched costs the executor its life', async (t) => {
  const state = givenRegistered();
  const message = { framework: givenFramework(), task: givenCustomTask('t1') };
  const { next } = find(
    runTask(state, createMessage(internal.RunTaskMessage, message), env),
    'persist',
  );
  const connection = new FakeConnection();
  const call = {
    type: 'SUBSCRIBE',
    frameworkId: { value: FRAMEWORK_ID },
    executorId: { value: 'e1' },
    subscribe: { unacknowledgedTasks: [], unacknowledgedUpdates: [] },
  } as const;
  const { effects } = executorCall(state, { call, claims: undefined, connection }, env);
  t.equal(find(effects, 'turnAway').connection, connection);
  t.ok(kinds(effects).includes('exitedExecutor'));
  t.match(state.stream(FRAMEWORK_ID, 't1')?.head?.status, {
    state: 'TASK_FAILED',
    reason: 'REASON_CONTAINER_UPDATE_FAILED',
  });
  if (next?.name !== 'launchCheckpointed') return t.fail('the launch goes on');
  t.strictSame(launchCheckpointed(state, next.body, env), [], 'nothing is launched');
});

t.test('who subscribes before the start is heard of waits for that word', async (t) => {
  const state = givenRegistered();
  const message = { framework: givenFramework(), task: givenCustomTask('t1') };
  const { next } = find(
    runTask(state, createMessage(internal.RunTaskMessage, message), env),
    'persist',
  );
  if (next?.name !== 'launchCheckpointed') return t.fail('the launch goes on');
  launchCheckpointed(state, next.body, env);
  const connection = new FakeConnection();
  const call = {
    type: 'SUBSCRIBE',
    frameworkId: { value: FRAMEWORK_ID },
    executorId: { value: 'e1' },
    subscribe: { unacknowledgedTasks: [], unacknowledgedUpdates: [] },
  } as const;
  const outcome = executorCall(state, { call, claims: undefined, connection }, env);
  t.strictSame([outcome.verdict.kind, kinds(outcome.effects)], ['streaming', []]);
  const { taskIds, ...container } = next.body;
  const effects = executorStarted(state, { ...container, processId: 7 }, env);
  t.strictSame(kinds(effects), [
    'persist',
    'cancelTimer',
    'attachExecutor',
    'persist',
    'tellExecutor',
    'tellExecutor',
  ]);
});

t.test('a token speaks for its own executor only', async (t) => {
  const state = givenRegistered();
  const message = { framework: givenFramework(), task: givenCustomTask('t1') };
  runTask(state, createMessage(internal.RunTaskMessage, message), env);
  const [executor] = [...state.allExecutors()];
  if (!executor) return t.fail('there is an executor');
  const own = { frameworkId: FRAMEWORK_ID, executorId: 'e1', containerId: executor.containerId };
  const ids = { frameworkId: { value: FRAMEWORK_ID }, executorId: { value: 'e1' } };
  const call = { ...ids, type: 'MESSAGE', message: { data: new Uint8Array() } } as const;
  const ask = (claims: ExecutorClaims) =>
    executorCall(state, { call, claims, connection: undefined }, env).verdict;
  for (const [claim, problem] of [
    [{ frameworkId: 'F2' }, /'fid' claim with the framework ID F1/],
    [{ executorId: undefined }, /'eid' claim with the executor ID e1/],
    [{ containerId: 'former' }, /'cid' claim with the correct active ContainerID/],
  ] as const) {
    t.match(ask({ ...own, ...claim }), { status: 403, problem });
  }
  t.match(ask(own), { status: 403, problem: 'Executor is not subscribed' });
});
