// Plain objects from another process are checked against the schema.
import { agentMessages, internal, recordDecoder, TaskInfo } from '@kaon/protocol';
import t from 'tap';

/** Nanoseconds of a date: beyond 2^53, yet exactly a double. */
const LARGE = Number('1795423265065093888');

t.test('lists that were left out become empty, unknown keys are dropped', async (t) => {
  const decoded = recordDecoder(internal.ReregisterAgentMessage)({
    agent: { hostname: 'h', resources: [], attributes: [], extra: 1 },
    junk: true,
  });
  t.match(decoded, { ok: true, value: { agent: { hostname: 'h' }, tasks: [], frameworks: [] } });
  t.notOk(decoded.ok && ('junk' in decoded.value || 'extra' in decoded.value.agent));
});

t.test('the error says where', async (t) => {
  const kill = { frameworkId: { value: 'f' }, taskId: { value: 7 } };
  t.same(agentMessages.killTask(kill), {
    ok: false,
    error: { path: 'taskId.value', problem: 'expected a string' },
  });
  t.same(agentMessages.killTask({ frameworkId: { value: 'f' } }), {
    ok: false,
    error: { path: 'taskId', problem: 'is required' },
  });
  t.match(agentMessages.killTask('x'), { ok: false });
  t.match(agentMessages.killTask(null), { ok: false });
});

t.test('an unknown name of an enum counts as absent, for the sake of newer nodes', async (t) => {
  const status = { taskId: { value: 't' }, state: 'TASK_RUNNING', source: 'SOURCE_OF_TOMORROW' };
  const decoded = recordDecoder(internal.StatusUpdate)({
    frameworkId: { value: 'f' },
    status,
    timestamp: 1.5,
  });
  t.match(decoded, { ok: true, value: { status: { state: 'TASK_RUNNING' } } });
  t.notOk(decoded.ok && 'source' in decoded.value.status);
});

t.test('a map cannot reach a prototype', async (t) => {
  const limits = JSON.parse('{"__proto__":{"value":1}}') as unknown;
  const task = { name: 't', taskId: { value: 't' }, agentId: { value: 'a' }, limits };
  const decoded = recordDecoder(TaskInfo)(task);
  t.same(decoded.ok && Object.keys(decoded.value.limits), ['__proto__']);
  t.notOk('value' in {});
});

t.test('integers beyond 2^53 may arrive as bigints', async (t) => {
  const decoded = recordDecoder(internal.Registry_GoneAgent)({
    id: { value: 'a' },
    timestamp: { nanoseconds: BigInt(LARGE) },
  });
  t.match(decoded, { ok: true, value: { timestamp: { nanoseconds: LARGE } } });
});

t.test('a packed message is the same message', async (t) => {
  const { runTask } = agentMessages;
  const task = { name: 't', taskId: { value: 't' }, agentId: { value: 'a' }, resources: [] };
  const message = { framework: { user: '', name: 'f' }, task };
  const packed = Uint8Array.from(runTask.pack(message));
  t.same(runTask(packed), runTask(message));
  t.match(runTask(packed.subarray(0, -1)), { ok: false });
  t.throws(() => runTask.pack({ task }), 'what lacks a required field has no packed form');
  t.throws(() => runTask.pack({ ...message, pid: 5 }));
});

t.test(
  'integers that do not fit their type are refused, as they could not be sent on',
  async (t) => {
    const decode = recordDecoder(internal.ExitedExecutorMessage);
    const ids = {
      agentId: { value: 'a' },
      frameworkId: { value: 'f' },
      executorId: { value: 'e' },
    };
    for (const status of [2 ** 31, -(2 ** 31) - 1, 2 ** 64, 1e308, 0.5, Number.NaN]) {
      const decoded = decode({ ...ids, status });
      t.match(decoded, { ok: false, error: { path: 'status' } }, `${status}`);
    }
    for (const status of [2 ** 31 - 1, -(2 ** 31)])
      t.ok(decode({ ...ids, status }).ok, `${status}`);
  },
);
