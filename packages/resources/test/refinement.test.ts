// The three wire forms of a resource.
import { createMessage, encodeJson, type MessageInit, Resource } from '@kaon/protocol';
import { toEndpointForm, toPostRefinement, toPreRefinement } from '@kaon/resources';
import t from 'tap';

const cpus = (extra: Partial<MessageInit<Resource>> = {}): Resource =>
  createMessage(Resource, { name: 'cpus', type: 'SCALAR', scalar: { value: 1 }, ...extra });

const dynamic = {
  type: 'DYNAMIC',
  role: 'web',
  principal: 'p',
  labels: { labels: [{ key: 'k' }] },
} as const;

t.test('unreserved resources print `*` for frameworks without refinement', async (t) => {
  const pre = toPreRefinement(cpus()) as Resource;
  t.equal(
    encodeJson(Resource, pre),
    '{"name":"cpus","type":"SCALAR","scalar":{"value":1.0},"role":"*"}',
  );
});

t.test('one reservation turns into a role and, if dynamic, its principal and labels', async (t) => {
  t.match(toPreRefinement(cpus({ reservations: [{ type: 'STATIC', role: 'web' }] })), {
    role: 'web',
    reservation: undefined,
    reservations: [],
  });
  t.match(toPreRefinement(cpus({ reservations: [dynamic] })), {
    role: 'web',
    reservation: { principal: 'p', labels: { labels: [{ key: 'k' }] } },
    reservations: [],
  });
});

t.test('a refined reservation cannot be said in the older form', async (t) => {
  const refined = cpus({ reservations: [dynamic, { type: 'DYNAMIC', role: 'web/a' }] });
  t.equal(toPreRefinement(refined), undefined);
  t.equal(toEndpointForm(refined), refined);
});

t.test('both ways and back give the same', async (t) => {
  for (const reservations of [[], [dynamic], [{ type: 'STATIC', role: 'web' } as const]]) {
    const resource = cpus({ reservations });
    t.same(toPostRefinement(toPreRefinement(resource) as Resource), resource);
    t.same(toPostRefinement(toEndpointForm(resource)), resource);
    t.equal(toPostRefinement(resource), resource, 'what is in the newer form stays as it is');
  }
});

t.test('operator endpoints print both forms', async (t) => {
  const reserved = cpus({ reservations: [{ type: 'STATIC', role: 'ops' }] });
  t.equal(
    encodeJson(Resource, toEndpointForm(reserved)),
    '{"name":"cpus","type":"SCALAR","scalar":{"value":1.0},"role":"ops","reservations":[{"type":"STATIC","role":"ops"}]}',
  );
});
