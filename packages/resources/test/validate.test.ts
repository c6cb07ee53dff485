// Well-formed resources, in Mesos' words.
import { createMessage, type MessageInit, Resource } from '@kaon/protocol';
import { validateResource, validateResources } from '@kaon/resources';
import t from 'tap';

const cpus: MessageInit<Resource> = { name: 'cpus', type: 'SCALAR', scalar: { value: 1 } };

const problem = (extra: Partial<MessageInit<Resource>>): string => {
  const valid = validateResource(createMessage(Resource, { ...cpus, ...extra }));
  return valid.ok ? 'valid' : valid.error;
};

t.test('a list names the resource that is wrong', async (t) => {
  const negative = createMessage(Resource, { ...cpus, scalar: { value: -1 } });
  t.same(validateResources([createMessage(Resource, cpus), negative]), {
    ok: false,
    error: "Resource 'cpus:-1' is invalid: Invalid scalar resource: value <= 0",
  });
  t.ok(validateResources([]).ok);
});

t.test('the value must be that of the type', async (t) => {
  t.equal(problem({}), 'valid');
  t.equal(problem({ scalar: { value: 0 } }), 'valid', 'zero counts as nothing');
  t.equal(problem({ scalar: undefined }), 'Invalid scalar resource');
  t.equal(problem({ set: {} }), 'Invalid scalar resource');
  t.equal(problem({ type: 'TEXT' }), 'Unsupported resource type');
  t.equal(problem({ name: '' }), 'Empty resource name');
  const ranges = (...range: { begin: number; end: number }[]): string =>
    problem({ type: 'RANGES', scalar: undefined, ranges: { range } });
  t.equal(ranges({ begin: 1, end: 2 }, { begin: 3, end: 4 }), 'valid');
  t.equal(ranges({ begin: 2, end: 1 }), 'Invalid ranges resource: begin > end');
  t.equal(
    ranges({ begin: 3, end: 4 }, { begin: 1, end: 3 }),
    'Invalid ranges resource: overlapping ranges',
  );
  t.equal(
    problem({ type: 'SET', scalar: undefined, set: { item: ['a', 'a'] } }),
    'Invalid set resource: duplicated elements',
  );
});

t.test('only disks have disk info, only persistent volumes are shared', async (t) => {
  t.equal(problem({ disk: {} }), 'DiskInfo should not be set for cpus resource');
  t.equal(problem({ shared: {} }), 'Resource cpus cannot be shared');
  t.equal(problem({ name: 'disk', shared: {} }), 'Only persistent volumes can be shared');
  const disk = { persistence: { id: 'v' } };
  t.equal(problem({ name: 'disk', disk, shared: {} }), 'valid');
});

t.test('a stack of reservations narrows from entry to entry', async (t) => {
  const stack = (...reservations: { type?: 'STATIC' | 'DYNAMIC'; role?: string }[]): string =>
    problem({ reservations });
  t.equal(stack({ type: 'STATIC', role: 'a' }, { type: 'DYNAMIC', role: 'a/b' }), 'valid');
  t.match(stack({ role: 'a' }), /'Resource.ReservationInfo.type' field must be set/);
  t.match(stack({ type: 'STATIC' }), /'Resource.ReservationInfo.role' field must be set/);
  t.match(stack({ type: 'STATIC', role: '*' }), /cannot be reserved/);
  t.match(stack({ type: 'STATIC', role: 'a b' }), /contains backspace or whitespace/);
  t.match(
    stack({ type: 'STATIC', role: 'a' }, { type: 'STATIC', role: 'a/b' }),
    /refined reservation cannot be STATIC/,
  );
  t.match(
    stack({ type: 'STATIC', role: 'a' }, { type: 'DYNAMIC', role: 'c' }),
    /role 'c' is not a refinement of 'a'/,
  );
});

t.test('in the older form the role must be legal, and not `*` when reserved', async (t) => {
  t.equal(problem({ role: 'web', reservation: { principal: 'p' } }), 'valid');
  t.match(problem({ role: '..' }), /cannot include/);
  t.match(problem({ reservation: {} }), /cannot be dynamically reserved/);
});
