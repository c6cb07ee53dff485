// What is refused, and in which words.
import { createMessage, type FrameworkInfo, schedulerV1, TaskInfo } from '@kaon/protocol';
import t from 'tap';
import { validateFrameworkUpdate, validateSubscription } from '#master/validation/framework';
import { validateOperatorCall } from '#master/validation/operator-call';
import { validateSchedulerCall } from '#master/validation/scheduler-call';
import { validateTask } from '#master/validation/task';
import { givenMaster, parsed } from './builders/given-master.ts';
import { frameworkInfo, resources, taskInfo } from './builders/records.ts';

function sentence(result: { readonly ok: boolean; readonly error?: string }): string | undefined {
  return result.ok ? undefined : result.error;
}

t.test('tasks are refused in the words of Mesos', (t) => {
  const given = givenMaster().agent('a1').framework('f1');
  const place = {
    framework: given.getFramework('f1'),
    agent: given.getAgent('a1'),
    offered: parsed('cpus:4;mem:4096;ports:[31000-31999]').allocate('web'),
  };
  given.state.addTask({
    ...taskInfo('used', 'a1'),
    frameworkId: { value: 'f1' },
    state: 'TASK_RUNNING',
    statuses: [],
  });
  const inWeb = (text: string) =>
    resources(text).map((one) => ({ ...one, allocationInfo: { role: 'web' } }));
  const base = taskInfo('t1', 'a1', { resources: inWeb('cpus:0.1;mem:32') });
  const executor = createMessage(TaskInfo, {
    ...base,
    executor: { executorId: { value: 'e' }, command: { value: 'x' }, resources: [] },
  }).executor;
  const more =
    'required by task and its executor is more than available cpus(allocated: web):4; mem(allocated: web):4096; ports(allocated: web):[31000-31999]';
  const cases: [Partial<TaskInfo>, string | undefined][] = [
    [{}, undefined],
    [{ resources: inWeb('cpus:0;mem:32') }, undefined],
    [{ taskId: { value: 'i/slash' } }, "'i/slash' contains invalid characters"],
    [{ taskId: { value: '..' } }, "'..' is disallowed"],
    [{ taskId: { value: '' } }, 'ID must not be empty'],
    [{ taskId: { value: 'x'.repeat(256) } }, 'ID must not be greater than 255 characters'],
    [{ taskId: { value: 'used' } }, 'Task has duplicate ID: used'],
    [
      { agentId: { value: 'not-the-agent' } },
      'Task uses invalid agent not-the-agent while agent a1 is expected',
    ],
    [
      { command: undefined },
      'Task should have at least one (but not both) of CommandInfo or ExecutorInfo present',
    ],
    [
      { executor },
      'Task should have at least one (but not both) of CommandInfo or ExecutorInfo present',
    ],
    [{ resources: [] }, 'Task uses no resources'],
    [
      { resources: inWeb('cpus:100;mem:32') },
      `Total resources cpus(allocated: web):100; mem(allocated: web):32 ${more}`,
    ],
    [
      { resources: inWeb('cpus:0.1;ports:[1-2]') },
      `Total resources cpus(allocated: web):0.1; ports(allocated: web):[1-2] ${more}`,
    ],
    [
      { resources: [{ name: 'cpus', type: 'SCALAR', scalar: { value: -1 }, reservations: [] }] },
      "Task uses invalid resources: Resource 'cpus:-1' is invalid: Invalid scalar resource: value <= 0",
    ],
    [
      { killPolicy: { gracePeriod: { nanoseconds: -1 } } },
      "Task's 'kill_policy.grace_period' must be non-negative",
    ],
    [
      { maxCompletionTime: { nanoseconds: -1 } },
      "Task's 'max_completion_time' must be non-negative",
    ],
    [
      { healthCheck: { delaySeconds: 1 } },
      "Task uses invalid health check: HealthCheck must specify 'type'",
    ],
    [
      { healthCheck: { type: 'TCP' } },
      "Task uses invalid health check: Expecting 'tcp' to be set for TCP health check",
    ],
    [
      { check: { type: 'COMMAND' } },
      "Task uses invalid check: Expecting 'command' to be set for COMMAND check",
    ],
    [
      { check: { type: 'HTTP', http: { port: 1, path: 'x' } } },
      "Task uses invalid check: The path 'x' of HTTP check must start with '/'",
    ],
    [
      { check: { type: 'TCP', tcp: { port: 1 }, delaySeconds: -1 } },
      "Task uses invalid check: Expecting 'delay_seconds' to be non-negative",
    ],
    [{ limits: { disk: { value: 1 } } }, "Setting resource limits is not supported for 'disk'"],
    [{ limits: { mem: { value: 16 } } }, "Task's limit of 'mem' is less than its request"],
    [{ limits: { cpus: { value: Number.POSITIVE_INFINITY } } }, undefined],
  ];
  for (const [change, expected] of cases) {
    t.equal(sentence(validateTask({ ...base, ...change }, place)), expected);
  }

  const custom = { ...base, command: undefined, executor };
  t.equal(sentence(validateTask(custom, place)), undefined);
  const executors: [Partial<NonNullable<TaskInfo['executor']>>, string][] = [
    [{ executorId: { value: 'a/b' } }, "'a/b' contains invalid characters"],
    [{ command: undefined }, "'ExecutorInfo.command' must be set for 'CUSTOM' executor"],
    [
      { type: 'DEFAULT', command: undefined },
      "'ExecutorInfo.type' must be 'CUSTOM' for a task outside a task group",
    ],
    [
      { frameworkId: { value: 'f2' } },
      'ExecutorInfo has an invalid FrameworkID (Actual: f2 vs Expected: f1)',
    ],
    [
      { shutdownGracePeriod: { nanoseconds: -1 } },
      "ExecutorInfo's 'shutdown_grace_period' must be non-negative",
    ],
  ];
  for (const [change, expected] of executors) {
    const changed = executor && { ...executor, ...change };
    t.equal(sentence(validateTask({ ...custom, executor: changed }, place)), expected);
  }
  t.end();
});

t.test('frameworks are refused in the words of Mesos', (t) => {
  const good = frameworkInfo();
  const minimum = (
    quantities: Record<string, { readonly value: number }>,
  ): FrameworkInfo['offerFilters'] => ({
    [good.roles[0] ?? '']: { minAllocatableResources: { quantities: [{ quantities }] } },
  });
  const cases: [Partial<FrameworkInfo>, string | undefined][] = [
    [{}, undefined],
    [{ failoverTimeout: -1 }, undefined],
    [{ failoverTimeout: 1e20 }, 'The framework failover_timeout (1e+20) is invalid'],
    [
      { failoverTimeout: 12345678912345 },
      'The framework failover_timeout (1.23457e+13) is invalid',
    ],
    [{ failoverTimeout: Number.NaN }, 'The framework failover_timeout (nan) is invalid'],
    [{ id: { value: 'a/b' } }, "'a/b' contains invalid characters"],
    [{ id: { value: '' } }, undefined],
    [
      { capabilities: [], roles: [], role: '/x' },
      "'FrameworkInfo.role' is not a valid role: Role '/x' cannot start with a slash",
    ],
    [{ capabilities: [], roles: [], role: 'legacy' }, undefined],
    [
      { offerFilters: { other: {} } },
      "'FrameworkInfo.offer_filters' contains invalid role 'other'",
    ],
    [{ offerFilters: minimum({}) }, 'Resource quantities must contain at least one quantity'],
    [
      { offerFilters: minimum({ cpus: { value: Number.NaN } }) },
      "Invalid resource quantity for 'cpus': NaN not supported",
    ],
    [
      { offerFilters: minimum({ cpus: { value: 1 }, mem: { value: -1 } }) },
      "Invalid resource quantity for 'mem': Negative values not supported",
    ],
    [
      { offerFilters: minimum({ mem: { value: Number.POSITIVE_INFINITY } }) },
      "Invalid resource quantity for 'mem': Infinite values not supported",
    ],
    [{ offerFilters: minimum({ mem: { value: 0 } }) }, undefined],
  ];
  for (const [change, expected] of cases) {
    const subscribe = { frameworkInfo: { ...good, ...change }, suppressedRoles: [] };
    t.equal(sentence(validateSubscription(subscribe, undefined)), expected);
  }
  const suppressedRoles = ['b', 'web', 'a'];
  t.equal(
    sentence(validateSubscription({ frameworkInfo: good, suppressedRoles }, undefined)),
    'Suppressed roles { a, b } are not contained in the set of roles',
  );
  t.end();
});

t.test('what a framework cannot change is said with both values', (t) => {
  const framework = givenMaster().framework('f1', { principal: 'p' }).getFramework('f1');
  const cases: [Partial<FrameworkInfo>, string | undefined][] = [
    [{ name: 'other', roles: ['x'] }, undefined],
    [
      { checkpoint: false },
      "FrameworkInfo update is not valid: Updating 'FrameworkInfo.checkpoint' is unsupported; attempted to update from 'true' to 'false'",
    ],
    [
      { principal: undefined },
      "FrameworkInfo update is not valid: Updating 'FrameworkInfo.principal' is unsupported; attempted to update from 'p' to ''",
    ],
    [
      { roles: ['-x'] },
      "Supplied FrameworkInfo is not valid: 'FrameworkInfo.roles' contains invalid role: Role component '-x' is invalid because it begins with a dash",
    ],
  ];
  for (const [change, expected] of cases) {
    const call = { frameworkInfo: { ...framework.info, ...change }, suppressedRoles: [] };
    t.equal(sentence(validateFrameworkUpdate(call, framework)), expected);
  }
  t.end();
});

t.test('offer constraints are refused in the words of Mesos', (t) => {
  const constraints = (role: string, regex: string): schedulerV1.OfferConstraints => ({
    roleConstraints: {
      [role]: {
        groups: [
          {
            attributeConstraints: [
              { selector: { attributeName: 'rack' }, predicate: { textMatches: { regex } } },
            ],
          },
        ],
      },
    },
  });
  const frameworkInfoOf = frameworkInfo();
  const [role = ''] = frameworkInfoOf.roles;
  const framework = givenMaster().framework('f1', {}).getFramework('f1');
  const subscribe = (offerConstraints: schedulerV1.OfferConstraints): string | undefined =>
    sentence(
      validateSubscription(
        { frameworkInfo: frameworkInfoOf, suppressedRoles: [], offerConstraints },
        undefined,
      ),
    );
  t.equal(subscribe(constraints(role, 'r[0-9]')), undefined);
  const foreign =
    "Offer constraints specify `role_constraints` for a role 'other' not contained in the set of roles";
  t.equal(subscribe(constraints('other', 'r1')), foreign);
  t.match(
    subscribe(constraints(role, 'r{500}')),
    `Offer constraints are not valid: A role ${role} has an invalid 'AttributeConstraint': Regex`,
  );
  const offerConstraints = constraints('other', 'r1');
  const update = { frameworkInfo: framework.info, suppressedRoles: [], offerConstraints };
  t.equal(
    sentence(validateFrameworkUpdate(update, framework)),
    `'UpdateFramework' call is not valid: ${foreign}`,
  );
  t.end();
});

t.test('calls that name too much at once are refused', (t) => {
  const ids = Array.from({ length: 10_001 }, (_, index) => ({ value: String(index) }));
  const call = (init: Partial<schedulerV1.Call>): schedulerV1.Call =>
    createMessage(schedulerV1.Call, { frameworkId: { value: 'f' }, ...init });
  t.match(
    sentence(validateSchedulerCall(call({ type: 'DECLINE', decline: { offerIds: ids } }))),
    '10001 offers; at most 10000',
  );
  const tasks = Array.from({ length: 50_001 }, () => ({ taskId: { value: 't' } }));
  t.match(
    sentence(validateSchedulerCall(call({ type: 'RECONCILE', reconcile: { tasks } }))),
    '50001 tasks; at most 50000',
  );
  t.end();
});

t.test("an operator's call must be complete", (t) => {
  t.equal(sentence(validateOperatorCall({})), "Expecting 'type' to be present");
  t.equal(sentence(validateOperatorCall({ type: 'GET_HEALTH' })), undefined);
  t.equal(
    sentence(validateOperatorCall({ type: 'UPDATE_QUOTA' })),
    "Expecting 'update_quota' to be present",
  );
  const negative = {
    name: 'cpus',
    type: 'SCALAR',
    scalar: { value: -1 },
    reservations: [],
  } as const;
  const reserveResources = { agentId: { value: 'x' }, source: [], resources: [negative] };
  t.equal(
    sentence(validateOperatorCall({ type: 'RESERVE_RESOURCES', reserveResources })),
    "Resource 'cpus:-1' is invalid: Invalid scalar resource: value <= 0",
  );
  t.end();
});
