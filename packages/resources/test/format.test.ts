// How Mesos prints resources.
import { createMessage, type MessageInit, Resource } from '@kaon/protocol';
import { formatResource, formatResources, formatScalar } from '@kaon/resources';
import t from 'tap';

const print = (extra: Partial<MessageInit<Resource>>): string =>
  formatResource(
    createMessage(Resource, { name: 'disk', type: 'SCALAR', scalar: { value: 64 }, ...extra }),
  );

t.test('the parts stand in Mesos’ order', async (t) => {
  const reservation = {
    type: 'DYNAMIC',
    role: 'golden',
    principal: 'p1',
    labels: { labels: [{ key: 'team', value: 'x' }] },
  } as const;
  t.equal(
    print({
      allocationInfo: { role: 'golden' },
      reservations: [reservation],
      disk: { persistence: { id: 'vol-1' }, volume: { containerPath: 'data', mode: 'RW' } },
    }),
    'disk(allocated: golden)(reservations: [(DYNAMIC,golden,p1,{team: x})])[vol-1:data]:64',
  );
});

t.test('sources of disks', async (t) => {
  const source = (info: NonNullable<MessageInit<Resource>['disk']>['source']): string =>
    print({ disk: { source: info } });
  t.equal(source({ type: 'PATH', path: { root: '/p' } }), 'disk[PATH:/p]:64');
  t.equal(source({ type: 'MOUNT' }), 'disk[MOUNT]:64');
  t.equal(source({ type: 'RAW', vendor: 'v', id: 'i', profile: 'fast' }), 'disk[RAW(v,i,fast)]:64');
  t.equal(
    print({
      disk: {
        persistence: { id: 'p' },
        volume: { containerPath: 'c', hostPath: '/h', mode: 'RO' },
        source: { type: 'PATH', path: { root: '/p' } },
      },
    }),
    'disk[PATH:/p,p:/h:c:ro]:64',
  );
});

t.test('values of every type', async (t) => {
  t.equal(print({ scalar: { value: -1 } }), 'disk:-1');
  t.equal(print({ scalar: { value: 0.12345 } }), 'disk:0.123');
  t.equal(print({ type: 'SET', scalar: undefined, set: { item: ['a', 'b'] } }), 'disk:{a, b}');
  t.equal(
    print({ type: 'RANGES', scalar: undefined, ranges: { range: [{ begin: 1, end: 2 }] } }),
    'disk:[1-2]',
  );
  for (const [value, text] of [
    [NaN, 'nan'],
    [Infinity, 'inf'],
    [-Infinity, '-inf'],
    [1e308, '1e+308'],
  ] as const) {
    t.equal(formatScalar(value), text);
  }
  t.equal(formatScalar(1e15), '1e+15');
  t.equal(formatScalar(123456789), '123456789');
  t.equal(formatResources([]), '');
});
