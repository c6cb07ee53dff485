// What offer operations make of resources, and that they never make more or less of anything.
import { createMessage, type MessageInit, Offer_Operation, type Resource } from '@kaon/protocol';
import {
  applyCheckpointed,
  applyConversions,
  checkpointedPart,
  conversionsOf,
  parseResources,
  Resources,
} from '@kaon/resources';
import fc from 'fast-check';
import t from 'tap';

const AGENT = given('cpus:4;mem:1000;disk:1000;ports:[1-10];disk(db):50');

function given(text: string): Resources {
  const parsed = parseResources(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

function operation(init: MessageInit<Offer_Operation>): Offer_Operation {
  return createMessage(Offer_Operation, init);
}

/** `text`, reserved dynamically for each of `roles`, the last on top. */
function reserved(text: string, ...roles: string[]): Resources {
  return roles.reduce(
    (all, role) => all.pushReservation({ type: 'DYNAMIC', role, principal: 'p' }),
    given(text),
  );
}

function plainDisk(size: number): Resource {
  const [record] = reserved(`disk:${size}`, 'web').toRecords();
  if (record === undefined) throw new Error('no disk');
  return record;
}

function volume(id: string, size: number, extra: Partial<Resource> = {}): Resource {
  const disk = { persistence: { id }, volume: { containerPath: 'data', mode: 'RW' as const } };
  return { ...plainDisk(size), disk, ...extra };
}

function applied(resources: Resources, ...operations: Offer_Operation[]): Resources {
  let result = resources;
  for (const each of operations) {
    const conversions = conversionsOf(each);
    if (!conversions.ok) throw new Error(conversions.error);
    const next = applyConversions(result, conversions.value);
    if (!next.ok) throw new Error(next.error);
    result = next.value;
  }
  return result;
}

function problem(resources: Resources, each: Offer_Operation): string | undefined {
  const conversions = conversionsOf(each);
  if (!conversions.ok) return conversions.error;
  const next = applyConversions(resources, conversions.value);
  return next.ok ? undefined : next.error;
}

const reserve = (resources: Resources, source = Resources.empty): Offer_Operation =>
  operation({
    type: 'RESERVE',
    reserve: { resources: [...resources.toRecords()], source: [...source.toRecords()] },
  });
const unreserve = (resources: Resources): Offer_Operation =>
  operation({ type: 'UNRESERVE', unreserve: { resources: [...resources.toRecords()] } });
const create = (...volumes: Resource[]): Offer_Operation =>
  operation({ type: 'CREATE', create: { volumes } });
const destroy = (...volumes: Resource[]): Offer_Operation =>
  operation({ type: 'DESTROY', destroy: { volumes } });

t.test('a reservation and its undoing leave what there was', async (t) => {
  const web = reserved('cpus:1;ports:[2-3]', 'web');
  const after = applied(AGENT, reserve(web));
  t.ok(after.contains(web));
  t.equal(String(after.unreserved().named('ports')), 'ports:[1-1, 4-10]');
  t.ok(applied(after, unreserve(web)).equals(AGENT));
});

t.test('a refinement is pushed on a reservation and popped from it', async (t) => {
  const held = applied(AGENT, reserve(reserved('cpus:2', 'web')));
  const refined = applied(held, reserve(reserved('cpus:1', 'web', 'web/eu')));
  t.ok(refined.contains(reserved('cpus:1', 'web').plus(reserved('cpus:1', 'web', 'web/eu'))));
  t.ok(applied(refined, unreserve(reserved('cpus:1', 'web', 'web/eu'))).equals(held));
});

t.test('a reservation with a source changes hands', async (t) => {
  const held = applied(AGENT, reserve(reserved('cpus:2', 'web')));
  const moved = applied(held, reserve(reserved('cpus:2', 'db'), reserved('cpus:2', 'web')));
  t.ok(moved.equals(applied(AGENT, reserve(reserved('cpus:2', 'db')))));
});

t.test('a source of another quantity is refused', async (t) => {
  const held = applied(AGENT, reserve(reserved('cpus:2', 'web')));
  const greedy = reserve(reserved('cpus:3', 'db'), reserved('cpus:2', 'web'));
  t.match(problem(held, greedy), /quantities differ/);
});

t.test('what is not there converts to nothing', async (t) => {
  t.equal(
    problem(given('cpus:1'), reserve(reserved('cpus:2', 'web'))),
    'cpus:1 does not contain cpus:2',
  );
  t.match(problem(AGENT, destroy(volume('v', 10))), /does not contain disk.*\[v:data\]:10$/);
  t.match(problem(AGENT, unreserve(reserved('cpus:1', 'web'))), / does not contain /);
});

t.test('a volume takes reserved disk and gives it back', async (t) => {
  const held = applied(AGENT, reserve(reserved('disk:100', 'web')));
  const created = applied(held, create(volume('v', 40), volume('w', 60)));
  t.ok(created.contains(Resources.of([volume('v', 40), volume('w', 60)])));
  t.equal(created.reserved('web').persistentVolumes().toRecords().length, 2);
  t.ok(applied(created, destroy(volume('v', 40), volume('w', 60))).equals(held));
});

t.test('several resources of one operation convert one after the other', async (t) => {
  const held = applied(AGENT, reserve(reserved('disk:100', 'web')));
  t.match(problem(held, create(volume('v', 60), volume('w', 60))), / does not contain /);
});

t.test('a volume on a disk with a source keeps the source', async (t) => {
  const source = { type: 'PATH' as const, path: { root: '/mnt' } };
  const plain = volume('v', 10, { disk: { source } });
  const persistent = volume('v', 10, {
    disk: { source, persistence: { id: 'v' }, volume: { containerPath: 'd', mode: 'RW' } },
  });
  const before = Resources.of([plain]);
  const after = applied(before, create(persistent));
  t.ok(after.equals(Resources.of([persistent])));
  t.ok(applied(after, destroy(persistent)).equals(before));
});

t.test('a shared volume is destroyed with its last copy only', async (t) => {
  const shared = volume('s', 10, { shared: {} });
  const held = applied(AGENT, reserve(reserved('disk:10', 'web')), create(shared));
  const twice = held.plus(Resources.of([shared]));
  t.match(problem(twice, destroy(shared)), /^Persistent volume .* additional shared copies$/);
  t.equal(problem(held, destroy(shared)), undefined);
});

t.test('a volume grows and shrinks, and the rest stays reserved', async (t) => {
  const held = applied(AGENT, reserve(reserved('disk:100', 'web')), create(volume('v', 40)));
  const grown = applied(
    held,
    operation({
      type: 'GROW_VOLUME',
      growVolume: { volume: volume('v', 40), addition: plainDisk(0.1) },
    }),
  );
  t.ok(grown.contains(Resources.of([volume('v', 40.1)])));
  const shrunk = applied(
    grown,
    operation({
      type: 'SHRINK_VOLUME',
      shrinkVolume: { volume: volume('v', 40.1), subtract: { value: 0.1 } },
    }),
  );
  t.ok(shrunk.equals(held));
});

t.test('a volume cannot shrink below nothing', async (t) => {
  const held = applied(AGENT, reserve(reserved('disk:100', 'web')), create(volume('v', 40)));
  const tooMuch = operation({
    type: 'SHRINK_VOLUME',
    shrinkVolume: { volume: volume('v', 40), subtract: { value: 41 } },
  });
  t.match(problem(held, tooMuch), /quantities differ/);
});

t.test('volumes of resource providers are not resized', async (t) => {
  const foreign = volume('v', 4, { providerId: { value: 'p' } });
  const grow = operation({
    type: 'GROW_VOLUME',
    growVolume: { volume: foreign, addition: volume('w', 1) },
  });
  t.equal(problem(AGENT, grow), 'Operation not supported for resource provider');
});

t.test('launches and disks of providers convert nothing', async (t) => {
  for (const type of ['LAUNCH', 'LAUNCH_GROUP', 'CREATE_DISK', 'DESTROY_DISK'] as const) {
    t.equal(problem(AGENT, operation({ type })), 'Operation not supported');
  }
  t.equal(problem(AGENT, operation({ type: 'UNKNOWN' })), 'Unknown operation');
});

t.test('an agent that comes back has what it remembers in place of its origin', async (t) => {
  const shared = volume('s', 10, { shared: {} });
  const total = applied(
    AGENT,
    reserve(reserved('cpus:1;disk:50', 'web')),
    create(volume('v', 20), shared),
    reserve(reserved('disk(db):5', 'db/eu')),
  );
  const remembered = checkpointedPart(total.allocate('web'));
  const back = applyCheckpointed(AGENT, remembered.toRecords());
  if (!back.ok) throw new Error(back.error);
  t.ok(back.value.equals(total));
});

t.test('an agent with less than it remembers is told so', async (t) => {
  const back = applyCheckpointed(given('cpus:1'), reserved('cpus:2', 'web').toRecords());
  t.same(back, {
    ok: false,
    error: 'Incompatible agent resources: cpus:1 does not contain cpus:2',
  });
  const plain = applyCheckpointed(AGENT, given('cpus:1').toRecords());
  t.same(plain, { ok: false, error: 'Unexpected checkpointed resources cpus:1' });
});

t.test('whatever is done, quantities stay and undoing restores the whole', async (t) => {
  const amounts = fc.record({
    cpus: fc.nat(4000),
    disk: fc.nat(1000),
    volume: fc.integer({ min: 1, max: 1000 }),
  });
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(amounts, ({ cpus, disk, volume: size }) => {
        const web = reserved(`cpus:${cpus / 1000};disk:${disk}`, 'web');
        const held = applied(AGENT, reserve(web));
        const made = create(volume('v', size));
        if (size > disk) return problem(held, made) !== undefined;
        const whole = applied(held, made);
        const undone = applied(whole, destroy(volume('v', size)), unreserve(web));
        return (
          undone.equals(AGENT) &&
          [...AGENT.quantities()].every(([name, milli]) => whole.quantities().get(name) === milli)
        );
      }),
      { seed: 1, numRuns: 200 },
    ),
  );
});
