// What the endpoints show of a small cluster, to the byte.
import { createMessage, jsonText, Task, type TaskStatus, toId } from '@kaon/protocol';
import t from 'tap';
import { operatorResponse } from '#master/views/operator-view';
import { rolesJson } from '#master/views/roles-json';
import {
  agentsJson,
  frameworksJson,
  stateJson,
  stateSummaryJson,
  type TaskFilter,
  tasksJson,
} from '#master/views/state-json';
import type { ViewContext } from '#master/views/view';
import { type GivenMaster, givenMaster, NOW_MS } from './builders/given-master.ts';
import { resources } from './builders/records.ts';

const context: ViewContext = {
  flags: new Map([['log_dir', '/var/log/kaon']]),
  metrics: (gauges) => new Map(gauges),
  nowMs: () => NOW_MS,
};

const RESOURCES = 'cpus:4;mem:4096;disk:8192;ports:[31000-31999];cpus(ops):1;mem(ops):512';

function status(state: TaskStatus['state']): TaskStatus {
  return {
    taskId: { value: 't1' },
    state,
    timestamp: 1_700_000_001.25,
    containerStatus: {
      containerId: { value: 'c1' },
      networkInfos: [
        {
          ipAddresses: [{ protocol: 'IPv4', ipAddress: '127.0.0.1' }],
          groups: [],
          portMappings: [],
        },
      ],
      executorPid: 77,
    },
  };
}

/** One agent, one framework, a running task and two offers. */
function smallCluster(): GivenMaster {
  const given = givenMaster()
    .agent('a1', RESOURCES)
    .framework('f1', {
      roles: ['web', 'ops'],
      hostname: 'sched.example',
      principal: 'p',
      failoverTimeout: 60,
      labels: { labels: [{ key: 'owner', value: 'me' }] },
    })
    .offer('o1', 'f1', 'a1', 'cpus:2.5;mem:2048;disk:8192;ports:[31002-31004,31006-31999]')
    .offer('o2', 'f1', 'a1', 'cpus(ops):1;mem(ops):512', 'ops');
  given.state.addTask(
    createMessage(Task, {
      name: 'task t1',
      taskId: { value: 't1' },
      frameworkId: { value: 'f1' },
      agentId: { value: 'a1' },
      state: 'TASK_RUNNING',
      resources: resources('cpus:0.1;mem:32;ports:[31000-31001,31005-31005]').map((one) => ({
        ...one,
        allocationInfo: { role: 'web' },
      })),
      statuses: [status('TASK_STARTING'), status('TASK_RUNNING')],
      labels: { labels: [{ key: 'tier', value: 'web' }, { key: 'bare' }] },
      discovery: { visibility: 'CLUSTER', name: 'svc' },
    }),
  );
  return given;
}

const STATUS =
  '"timestamp":1700000001.25,"container_status":{"container_id":{"value":"c1"},"network_infos":[{"ip_addresses":[{"protocol":"IPv4","ip_address":"127.0.0.1"}]}]}';
const TASK = `{"id":"t1","name":"task t1","framework_id":"f1","executor_id":"","slave_id":"a1","state":"TASK_RUNNING","resources":{"disk":0.0,"mem":32.0,"gpus":0.0,"cpus":0.1,"ports":"[31000-31001, 31005-31005]"},"role":"web","statuses":[{"state":"TASK_STARTING",${STATUS}},{"state":"TASK_RUNNING",${STATUS}}],"labels":[{"key":"tier","value":"web"},{"key":"bare"}],"discovery":{"visibility":"CLUSTER","name":"svc"}}`;
const AGENT =
  '{"id":"a1","hostname":"a1.example","port":5051,"attributes":{},"pid":"slave(1)@a1:5051","registered_time":1700000000.0,"resources":{"disk":8192.0,"mem":4608.0,"gpus":0.0,"cpus":5.0,"ports":"[31000-31999]"},"used_resources":{"disk":0.0,"mem":32.0,"gpus":0.0,"cpus":0.1,"ports":"[31000-31001, 31005-31005]"},"offered_resources":{"disk":8192.0,"mem":2560.0,"gpus":0.0,"cpus":3.5,"ports":"[31002-31004, 31006-31999]"},"reserved_resources":{"ops":{"disk":0.0,"mem":512.0,"gpus":0.0,"cpus":1.0}},"unreserved_resources":{"disk":8192.0,"mem":4096.0,"gpus":0.0,"cpus":4.0,"ports":"[31000-31999]"},"active":true,"deactivated":false,"version":"1.12.0","capabilities":["MULTI_ROLE","HIERARCHICAL_ROLE","RESERVATION_REFINEMENT","RESOURCE_PROVIDER","RESIZE_VOLUME","AGENT_OPERATION_FEEDBACK","AGENT_DRAINING","TASK_RESOURCE_LIMITS"]';
const SUMMARY =
  '"id":"f1","name":"test","used_resources":{"disk":0.0,"mem":32.0,"gpus":0.0,"cpus":0.1,"ports":"[31000-31001, 31005-31005]"},"offered_resources":{"disk":8192.0,"mem":2560.0,"gpus":0.0,"cpus":3.5,"ports":"[31002-31004, 31006-31999]"},"capabilities":["MULTI_ROLE","RESERVATION_REFINEMENT","PARTITION_AWARE"],"hostname":"sched.example","webui_url":"","active":true,"connected":true,"recovered":false';
const FRAMEWORK = `{${SUMMARY},"user":"root","failover_timeout":60.0,"checkpoint":true,"registered_time":1700000000.0,"unregistered_time":0.0,"principal":"p","resources":{"disk":8192.0,"mem":2592.0,"gpus":0.0,"cpus":3.6,"ports":"[31000-31999]"},"roles":["web","ops"],"tasks":[${TASK}],"unreachable_tasks":[],"completed_tasks":[],"offers":[{"id":"o1","framework_id":"f1","allocation_info":{"role":"web"},"slave_id":"a1","resources":{"disk":8192.0,"mem":2048.0,"gpus":0.0,"cpus":2.5,"ports":"[31002-31004, 31006-31999]"}},{"id":"o2","framework_id":"f1","allocation_info":{"role":"ops"},"slave_id":"a1","resources":{"disk":0.0,"mem":512.0,"gpus":0.0,"cpus":1.0}}],"executors":[],"labels":[{"key":"owner","value":"me"}],"offer_constraints":{}}`;

t.test('the state has the members of Mesos in their order', (t) => {
  const { state } = smallCluster();
  const text = jsonText(stateJson(state, context));
  t.equal(
    text,
    `{"version":"1.12.0","build_date":"1970-01-01 00:00:00 UTC","build_time":0.0,"build_user":"kaon","start_time":1700000000.0,"elected_time":1700000000.0,"id":"m","capabilities":[],"activated_slaves":1.0,"deactivated_slaves":0.0,"unreachable_slaves":0.0,"leader_info":{"id":"m","port":5050},"log_dir":"/var/log/kaon","flags":{"log_dir":"/var/log/kaon"},"slaves":[${AGENT}}],"recovered_slaves":[],"frameworks":[${FRAMEWORK}],"completed_frameworks":[],"orphan_tasks":[],"unregistered_frameworks":[]}`,
  );
  t.end();
});

t.test('the list of agents adds the records of their resources', (t) => {
  const { state } = smallCluster();
  const text = jsonText(agentsJson(state));
  t.ok(
    text.startsWith(
      `{"slaves":[${AGENT},"reserved_resources_full":{"ops":[{"name":"cpus","type":"SCALAR","scalar":{"value":1.0},"role":"ops","reservations":[{"type":"STATIC","role":"ops"}]}`,
    ),
  );
  t.match(
    text,
    '"unreserved_resources_full":[{"name":"cpus","type":"SCALAR","scalar":{"value":4.0},"role":"*"}',
  );
  t.match(
    text,
    '"used_resources_full":[{"name":"cpus","type":"SCALAR","scalar":{"value":0.1},"role":"*","allocation_info":{"role":"web"}}',
  );
  t.ok(text.endsWith('],"recovered_slaves":[]}'));
  t.equal(
    jsonText(agentsJson(state, {}, { agentId: 'nope' })),
    '{"slaves":[],"recovered_slaves":[]}',
  );
  t.end();
});

t.test('frameworks can be asked for by id', (t) => {
  const { state } = smallCluster();
  const rest = '"completed_frameworks":[],"unregistered_frameworks":[]}';
  t.equal(
    jsonText(frameworksJson(state, {}, { frameworkId: 'f1' })),
    `{"frameworks":[${FRAMEWORK}],${rest}`,
  );
  t.equal(jsonText(frameworksJson(state, {}, { frameworkId: 'nope' })), `{"frameworks":[],${rest}`);
  t.end();
});

t.test('the summary counts tasks by state', (t) => {
  const { state } = smallCluster();
  const counts =
    '"TASK_STAGING":0,"TASK_STARTING":0,"TASK_RUNNING":1,"TASK_KILLING":0,"TASK_FINISHED":0,"TASK_KILLED":0,"TASK_FAILED":0,"TASK_LOST":0,"TASK_ERROR":0,"TASK_UNREACHABLE":0';
  t.equal(
    jsonText(stateSummaryJson(state, { ...context, flags: new Map([['cluster', 'c']]) })),
    `{"cluster":"c","slaves":[${AGENT},${counts},"framework_ids":["f1"]}],"frameworks":[{${SUMMARY},${counts},"slave_ids":["a1"]}]}`,
  );
  t.end();
});

t.test('tasks come in pages, newest first unless asked otherwise', (t) => {
  const { state } = smallCluster();
  const first = state.frameworks.get(toId('f1'))?.tasks.get(toId('t1'))?.task;
  t.ok(first);
  if (first === undefined) return;
  const later = {
    ...first,
    taskId: { value: 't2' },
    statuses: [{ ...status('TASK_RUNNING'), timestamp: 1_800_000_000 }],
  };
  state.addTask(later);
  const all = {
    frameworkId: undefined,
    taskId: undefined,
    offset: 0,
    limit: 100,
    isAscending: false,
  };
  const ids = (filter: Partial<TaskFilter>) =>
    [...jsonText(tasksJson(state, { ...all, ...filter })).matchAll(/"id":"(\w+)","name"/g)].map(
      ([, id]) => id,
    );
  t.strictSame(ids({}), ['t2', 't1']);
  t.strictSame(ids({ isAscending: true }), ['t1', 't2']);
  t.strictSame(ids({ limit: 1 }), ['t2']);
  t.strictSame(ids({ limit: 1, offset: 1 }), ['t1']);
  t.strictSame(ids({ taskId: 't1' }), ['t1']);
  t.strictSame(ids({ frameworkId: 'nope' }), []);
  t.end();
});

t.test('roles show who is in them and what they hold', (t) => {
  const { state } = smallCluster();
  t.equal(
    jsonText(rolesJson(state)),
    '{"roles":[{"name":"ops","weight":1.0,"quota":{"role":"ops","guarantee":{},"limit":{},"consumed":{"cpus":1.0,"mem":512.0}},"resources":{"cpus":1.0,"mem":512.0},"allocated":{},"offered":{"cpus":1.0,"mem":512.0},"reserved":{"cpus":1.0,"mem":512.0},"frameworks":["f1"]},{"name":"web","weight":1.0,"quota":{"role":"web","guarantee":{},"limit":{},"consumed":{"cpus":0.1,"mem":32.0,"ports":3.0}},"resources":{"cpus":2.6,"disk":8192.0,"mem":2080.0,"ports":1000.0},"allocated":{"cpus":0.1,"mem":32.0,"ports":3.0},"offered":{"cpus":2.5,"disk":8192.0,"mem":2048.0,"ports":997.0},"reserved":{},"frameworks":["f1"]}]}',
  );
  t.end();
});

t.test('a name that means something to JavaScript is only a name', (t) => {
  const given = givenMaster().framework('f1', { roles: ['__proto__', 'constructor'] });
  const text = jsonText(rolesJson(given.state));
  t.match(text, '"name":"__proto__"');
  t.equal(JSON.parse(text).roles.length, 2);
  t.end();
});

t.test('the operator API shows the same as records', (t) => {
  const { state } = smallCluster();
  const agents = operatorResponse(state, 'GET_AGENTS', context)?.getAgents;
  t.match(agents?.agents, [
    { agentInfo: { id: { value: 'a1' }, checkpoint: true }, active: true, pid: 'slave(1)@a1:5051' },
  ]);
  const frameworks = operatorResponse(state, 'GET_FRAMEWORKS', context)?.getFrameworks;
  t.match(frameworks?.frameworks, [{ frameworkInfo: { name: 'test' }, offers: [{}, {}] }]);
  const tasks = operatorResponse(state, 'GET_TASKS', context)?.getTasks;
  t.match(tasks?.tasks, [{ taskId: { value: 't1' }, state: 'TASK_RUNNING' }]);
  const roles = operatorResponse(state, 'GET_ROLES', context)?.getRoles?.roles;
  t.match(roles, [{ name: 'ops' }, { name: 'web', resources: [{ name: 'cpus' }, {}, {}] }]);
  t.ok(operatorResponse(state, 'GET_STATE', context)?.getState?.getTasks);
  t.equal(operatorResponse(state, 'SET_QUOTA', context), undefined);
  t.end();
});
