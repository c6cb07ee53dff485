// The algebra: what merges, what is contained, and in which order it stands.
import { createMessage, type MessageInit, Resource } from '@kaon/protocol';
import { formatQuantities, parseResources, Resources } from '@kaon/resources';
import t from 'tap';

function given(text: string): Resources {
  const parsed = parseResources(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

function disk(gigabytes: number, extra: Partial<MessageInit<Resource>>): Resource {
  return createMessage(Resource, {
    name: 'disk',
    type: 'SCALAR',
    scalar: { value: gigabytes },
    ...extra,
  });
}

function volume(id: string, extra: Partial<MessageInit<Resource>> = {}): Resource {
  const reservations = [{ type: 'DYNAMIC', role: 'web', principal: 'p1' } as const];
  const info = { persistence: { id }, volume: { containerPath: 'data', mode: 'RW' as const } };
  return disk(10, { reservations, disk: info, ...extra });
}

t.test('scalars are exact in thousandths', async (t) => {
  const three = Resources.sum([given('cpus:0.1'), given('cpus:0.1'), given('cpus:0.1')]);
  t.equal(String(three), 'cpus:0.3');
  t.ok(three.equals(given('cpus:0.3')));
  t.ok(given('cpus:1.0004').equals(given('cpus:1')));
  t.ok(given('cpus:0.0004').isEmpty);
});

t.test('ranges unite, cut and join where they touch', async (t) => {
  t.equal(String(given('ports:[1-5]').plus(given('ports:[6-9,20-21]'))), 'ports:[1-9, 20-21]');
  t.equal(String(given('ports:[1-9]').minus(given('ports:[3-4]'))), 'ports:[1-2, 5-9]');
  t.ok(given('ports:[1-9]').contains(given('ports:[2-3,5-5]')));
  t.notOk(given('ports:[1-4,6-9]').contains(given('ports:[4-6]')));
});

t.test('sets hold each item once', async (t) => {
  t.equal(String(given('rack:{a,b}').plus(given('rack:{b,c}'))), 'rack:{a, b, c}');
  t.equal(String(given('rack:{a,b}').minus(given('rack:{b}'))), 'rack:{a}');
});

t.test('what is reserved otherwise, allocated otherwise or revocable stays apart', async (t) => {
  const mixed = given('cpus:1;cpus(web):2').plus(given('cpus:3').allocate('web'));
  t.equal(String(mixed), 'cpus:1; cpus(reservations: [(STATIC,web)]):2; cpus(allocated: web):3');
  t.notOk(mixed.contains(given('cpus:2')));
  const revocable = createMessage(Resource, {
    name: 'cpus',
    type: 'SCALAR',
    scalar: { value: 1 },
    revocable: {},
  });
  t.equal(String(given('cpus:1').plus(Resources.of([revocable]))), 'cpus:1; cpus{REV}:1');
});

t.test('labels of a reservation have no order', async (t) => {
  const labelled = (...keys: string[]): Resources =>
    given('cpus:1').pushReservation({
      type: 'DYNAMIC',
      role: 'web',
      labels: { labels: keys.map((key) => ({ key, value: 'v' })) },
    });
  t.ok(labelled('a', 'b').equals(labelled('b', 'a')));
  t.notOk(labelled('a', 'b').equals(labelled('a')));
});

t.test('persistent volumes are all or nothing', async (t) => {
  const both = Resources.of([volume('v1'), volume('v2')]);
  t.equal(both.toRecords().length, 2);
  t.ok(both.contains(Resources.of([volume('v1')])));
  t.notOk(both.contains(Resources.of([{ ...volume('v1'), scalar: { value: 5 } }])));
  t.notOk(both.contains(Resources.of([volume('v1'), volume('v1')])), 'each may serve once');
  t.equal(
    String(both.minus(Resources.of([volume('v1')]))),
    'disk(reservations: [(DYNAMIC,web,p1)])[v2:data]:10',
  );
  t.equal(String(both.persistentVolumes()), String(both));
});

t.test('mounts are all or nothing, paths merge', async (t) => {
  const mount = disk(10, { disk: { source: { type: 'MOUNT', mount: { root: '/m' } } } });
  const path = disk(10, { disk: { source: { type: 'PATH', path: { root: '/p' } } } });
  t.equal(String(Resources.of([mount, mount])), 'disk[MOUNT:/m]:10; disk[MOUNT:/m]:10');
  t.equal(String(Resources.of([path, path])), 'disk[PATH:/p]:20');
});

t.test('shared volumes are counted', async (t) => {
  const shared = Resources.of([volume('v1', { shared: {} })]);
  const twice = shared.plus(shared);
  t.equal(String(twice), 'disk(reservations: [(DYNAMIC,web,p1)])[v1:data]<SHARED>:10<2>');
  t.equal(twice.toRecords().length, 2);
  t.ok(twice.contains(twice));
  t.notOk(shared.contains(twice));
  t.ok(twice.minus(shared).equals(shared));
  t.equal(formatQuantities(twice.quantities()), 'disk:10');
});

t.test(
  'taking away what is not there takes nothing, and never leaves less than nothing',
  async (t) => {
    t.ok(given('cpus:1').minus(given('mem:5')).equals(given('cpus:1')));
    t.ok(given('cpus:1').minus(given('cpus:5')).isEmpty);
    t.equal(Resources.of([]), Resources.empty);
  },
);

t.test('what is used up is replaced by the last entry, as in Mesos', async (t) => {
  const rest = given('cpus:4;mem:32;disk:8;ports:[1-2]').minus(given('cpus:4'));
  t.equal(String(rest), 'ports:[1-2]; mem:32; disk:8');
});

t.test('filters keep what they name', async (t) => {
  const all = given('cpus:1;cpus(web):2;mem(eng/api):3;ports:[1-2]');
  t.equal(String(all.unreserved()), 'cpus:1; ports:[1-2]');
  t.equal(String(all.reserved('web')), 'cpus(reservations: [(STATIC,web)]):2');
  t.equal(all.reserved().toRecords().length, 2);
  t.equal(String(all.scalars().named('mem')), 'mem(reservations: [(STATIC,eng/api)]):3');
  t.same([...all.reservations().keys()], ['web', 'eng/api']);
  t.same([...all.allocate('x').allocations().keys()], ['x']);
  t.ok(all.allocate('x').unallocate().equals(all));
  t.ok(all.allocate('x').allocatedTo('y').isEmpty);
  t.same(all.names(), ['cpus', 'mem', 'ports']);
  t.equal(all.scalarMilli('cpus'), 3000);
  t.same(all.ranges('ports'), [{ begin: 1, end: 2 }]);
});

t.test('reservations are pushed and popped, and merge when they agree again', async (t) => {
  const reservation = { type: 'DYNAMIC', role: 'web', principal: 'p1' } as const;
  const reserved = given('cpus:1').pushReservation(reservation);
  t.equal(String(reserved), 'cpus(reservations: [(DYNAMIC,web,p1)]):1');
  t.ok(reserved.popReservation().equals(given('cpus:1')));
  t.equal(String(given('cpus:1').plus(reserved).toUnreserved()), 'cpus:2');
});

t.test('a conversion needs what it consumes, in the words of Mesos', async (t) => {
  const total = given('cpus:1.75;mem:2048');
  const reserved = given('cpus:0.25').pushReservation({ type: 'DYNAMIC', role: 'opres' });
  const converted = total.convert(given('cpus:0.25'), reserved);
  t.equal(
    String(converted.ok && converted.value),
    'cpus:1.5; mem:2048; cpus(reservations: [(DYNAMIC,opres)]):0.25',
  );
  t.same(total.convert(given('cpus:500'), reserved), {
    ok: false,
    error: 'cpus:1.75; mem:2048 does not contain cpus:500',
  });
});

t.test('no name or role can pass for another kind of resource', async (t) => {
  const named = (name: string, role?: string): Resources => {
    const one = Resources.of([
      createMessage(Resource, { name, type: 'SCALAR', scalar: { value: 1 } }),
    ]);
    return role === undefined ? one : one.allocate(role);
  };
  t.notOk(named('name', 'web').equals(named('3 web name')));
  t.notOk(named('b', 'a').equals(named('a b', '')));
  t.equal(named('x').plus(named('["x",[]]')).toRecords().length, 2);
});

function nameOf({ name }: Resource): string {
  return name;
}

t.test('a split divides scalars and leaves everything else whole', async (t) => {
  const all = given('cpus:4;mem:64;ports:[1-9];rack:{a,b}');
  const [taken, rest] = all.split(nameOf, (name) => (name === 'mem' ? 0 : 1500));
  t.equal(String(taken), 'cpus:1.5; ports:[1-9]; rack:{a, b}');
  t.equal(String(rest), 'cpus:2.5; mem:64');
  const [whole, nothing] = all.split(nameOf, (_, milli) => milli);
  t.equal(whole, all);
  t.ok(nothing.isEmpty);
});

t.test(
  'what is unheld is the whole without what anybody holds, shared volumes apart',
  async (t) => {
    const shared = Resources.of([volume('v1', { shared: {} })]);
    const total = given('cpus:4;ports:[1-9]').plus(shared);
    const held = [
      given('cpus:1;ports:[1-2]').allocate('a').plus(shared.allocate('a')),
      given('cpus:1;ports:[2-3];mem:5').allocate('b'),
    ];
    t.ok(total.unheld(held).equals(given('cpus:2;ports:[4-9]').plus(shared)));
    t.ok(total.unheld([total.allocate('a')]).equals(shared));
  },
);

t.test(
  'labels in another order are the same reservation, shown as each record has them',
  async (t) => {
    const record = (keys: readonly string[]): Resource => ({
      name: 'cpus',
      type: 'SCALAR',
      scalar: { value: 1 },
      reservations: [
        {
          type: 'DYNAMIC',
          role: 'a',
          labels: { labels: keys.map((key) => ({ key, value: undefined })) },
        },
      ],
    });
    const left = Resources.of([record(['x', 'y'])]);
    const right = Resources.of([record(['y', 'x'])]);
    t.ok(left.equals(right));
    t.ok(left.allocate('a').equals(right.allocate('a')));
    t.not(String(left), String(right));
    t.equal(left.plus(right).toRecords().length, 1);
  },
);
