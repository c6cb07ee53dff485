// Writing Mesos' JSON: order, defaults, numbers and escapes.
import {
  createMessage,
  encodeJson,
  FrameworkInfo,
  formatDouble,
  formatInteger,
  masterV1,
  OPERATOR_LISTS,
  Resource,
  TaskID,
} from '@kaon/protocol';
import fc from 'fast-check';
import t from 'tap';

t.test(
  'members stand in declared order, absent defaults are printed unless deprecated',
  async (t) => {
    const framework = createMessage(FrameworkInfo, { name: 'n', user: 'u', roles: ['web'] });
    t.equal(
      encodeJson(FrameworkInfo, framework),
      '{"user":"u","name":"n","failover_timeout":0.0,"checkpoint":false,"roles":["web"]}',
    );
    const resource = createMessage(Resource, {
      name: 'cpus',
      type: 'SCALAR',
      scalar: { value: 2 },
    });
    t.equal(
      encodeJson(Resource, resource),
      '{"name":"cpus","type":"SCALAR","scalar":{"value":2.0}}',
      'the deprecated role is not printed',
    );
  },
);

t.test('empty lists are left out unless asked for', async (t) => {
  const tasks = createMessage(masterV1.Response_GetTasks, {});
  t.equal(encodeJson(masterV1.Response_GetTasks, tasks), '{}');
  t.equal(
    encodeJson(masterV1.Response_GetTasks, tasks, { emptyLists: OPERATOR_LISTS }),
    '{"tasks":[],"unreachable_tasks":[],"completed_tasks":[]}',
    'deprecated lists stay away',
  );
});

t.test('doubles print as Mesos prints them', async (t) => {
  const cases: readonly (readonly [number, string])[] = [
    [15, '15.0'],
    [0.1, '0.1'],
    [0, '0.0'],
    [-0, '-0.0'],
    [-2.5, '-2.5'],
    [1795423658.65812, '1795423658.65812'],
    [1e20, '100000000000000000000.0'],
    [1e21, '1e21'],
    [1.5e300, '1.5e300'],
    [1e-7, '1e-7'],
    // Seventeen digits: not the closest ones, but those of the original.
    [Number('1795423268.3329879'), '1795423268.3329879'],
    [Number('0.018739199999999985'), '0.018739199999999985'],
    [Number('0.22999999999999999'), '0.22999999999999999'],
    [Number.NaN, 'null'],
  ];
  for (const [value, text] of cases) t.equal(formatDouble(value), text);
});

t.test('every double reads back as itself', async (t) => {
  const property = fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) =>
    Object.is(Number(formatDouble(value)), value),
  );
  t.doesNotThrow(() => fc.assert(property, { seed: 1, numRuns: 5000 }));
});

t.test('integers beyond 2^53 keep all their digits', async (t) => {
  t.equal(formatInteger(Number('1795423265065093888')), '1795423265065093888');
  t.equal(formatInteger(-5), '-5');
});

t.test('control characters are escaped in upper case, slashes are not', async (t) => {
  t.equal(
    encodeJson(TaskID, { value: 'a/"\\\n\u001f\u00e9 \\u001f' }),
    '{"value":"a/\\"\\\\\\n\\u001F\u00e9 \\\\u001f"}',
  );
});

t.test('a message without a required field is a bug, not an answer', async (t) => {
  t.throws(() => encodeJson(TaskID, {} as TaskID), { name: 'InvariantError' });
});
