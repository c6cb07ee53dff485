// The laws of the algebra, over random resources.
import type { Resource } from '@kaon/protocol';
import { Resources } from '@kaon/resources';
import fc from 'fast-check';
import t from 'tap';

const RUNS = { seed: 1, numRuns: 500 };

const roles = fc.constantFrom(undefined, 'a', 'a/b');

const reservations = roles.map((role) =>
  role === undefined ? [] : [{ type: 'DYNAMIC' as const, role }],
);

const scalar = fc.record({
  name: fc.constantFrom('cpus', 'mem', 'disk'),
  type: fc.constant('SCALAR' as const),
  scalar: fc.record({ value: fc.nat(100_000).map((milli) => milli / 1000) }),
  reservations,
});

const interval = fc
  .tuple(fc.nat(50), fc.nat(10))
  .map(([begin, length]) => ({ begin, end: begin + length }));

const ports = fc.record({
  name: fc.constant('ports'),
  type: fc.constant('RANGES' as const),
  ranges: fc.record({ range: fc.array(interval, { maxLength: 4 }) }),
  reservations,
});

const racks = fc.record({
  name: fc.constant('rack'),
  type: fc.constant('SET' as const),
  set: fc.record({ item: fc.uniqueArray(fc.constantFrom('x', 'y', 'z')) }),
  reservations,
});

const volumes = fc.constantFrom('v1', 'v2', 'v3').map(
  (id): Resource => ({
    name: 'disk',
    type: 'SCALAR',
    scalar: { value: 5 },
    reservations: [{ type: 'DYNAMIC', role: 'a' }],
    disk: { persistence: { id } },
    ...(id === 'v3' ? { shared: {} } : {}),
  }),
);

const resources = fc
  .array(fc.oneof<fc.Arbitrary<Resource>[]>(scalar, ports, racks, volumes), { maxLength: 6 })
  .map((records) => Resources.of(records));

/** Without ranges and sets, whose union forgets what both sides hold. */
const counted = resources.map((all) => all.scalars());

function holds<Ts>(name: string, property: fc.IRawProperty<Ts>): void {
  t.test(name, async (t) => {
    t.doesNotThrow(() => fc.assert(property, RUNS));
  });
}

holds(
  'the order of addition does not matter',
  fc.property(resources, resources, (a, b) => a.plus(b).equals(b.plus(a))),
);

holds(
  'addition can be grouped at will',
  fc.property(resources, resources, resources, (a, b, c) =>
    a
      .plus(b)
      .plus(c)
      .equals(a.plus(b.plus(c))),
  ),
);

holds(
  'what was added to counted resources can be taken away again',
  fc.property(counted, counted, (a, b) => a.plus(b).minus(b).equals(a)),
);

holds(
  'a sum contains its parts',
  fc.property(resources, resources, (a, b) => a.plus(b).contains(a) && a.plus(b).contains(b)),
);

holds(
  'what is contained comes back when taken away and added',
  fc.property(resources, resources, (a, b) => {
    const sum = a.plus(b);
    return sum.minus(b).plus(b).equals(sum);
  }),
);

holds(
  'nothing is ever negative or empty inside',
  fc.property(resources, resources, (a, b) =>
    a
      .minus(b)
      .toRecords()
      .every(
        ({ scalar, ranges, set }) =>
          (scalar?.value ?? 1) > 0 && ranges?.range.length !== 0 && set?.item.length !== 0,
      ),
  ),
);

holds(
  'the difference is contained in what it was taken from',
  fc.property(resources, resources, (a, b) => a.contains(a.minus(b))),
);

holds(
  'records make the same resources again',
  fc.property(resources, (a) => Resources.of(a.toRecords()).equals(a)),
);

holds(
  'allocating changes nothing but the allocation',
  fc.property(resources, (a) => a.allocate('r').unallocate().equals(a)),
);

holds(
  'scalars add up exactly',
  fc.property(counted, counted, (a, b) =>
    ['cpus', 'mem'].every(
      (name) => a.plus(b).scalarMilli(name) === a.scalarMilli(name) + b.scalarMilli(name),
    ),
  ),
);
