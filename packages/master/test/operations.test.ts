// Offer operations in an accept: what they make of the offers, and what is refused in which words.
import type { internal, MessageInit, Offer_Operation, Resource, TaskInfo } from '@kaon/protocol';
import { createMessage, Offer_Operation as Operation, toId } from '@kaon/protocol';
import { Resources } from '@kaon/resources';
import t from 'tap';
import { acceptOffers } from '#master/transitions/accept-offers';
import {
  allocatorCommands,
  eventsTo,
  type GivenMaster,
  givenMaster,
  messagesTo,
  parsed,
  recovered,
} from './builders/given-master.ts';
import { MODERN_CAPABILITIES, resources, taskInfo } from './builders/records.ts';

const OFFERED = 'cpus:4;mem:4096;disk:8192';

function given(...capabilities: readonly 'SHARED_RESOURCES'[]): GivenMaster {
  return givenMaster()
    .agent('a1')
    .framework('f1', {
      principal: 'p1',
      capabilities: [...MODERN_CAPABILITIES, ...capabilities].map((type) => ({ type })),
    })
    .offer('o1', 'f1', 'a1', OFFERED);
}

function accept(master: GivenMaster, ...operations: readonly MessageInit<Offer_Operation>[]) {
  const call = {
    offerIds: [{ value: 'o1' }],
    operations: operations.map((init) => createMessage(Operation, init)),
    filters: undefined,
  };
  return acceptOffers(master.state, master.getFramework('f1'), call, master.env);
}

function reserved(text: string, role = 'web', principal: string | undefined = 'p1'): Resource[] {
  const entry = {
    type: 'DYNAMIC' as const,
    role,
    ...(principal === undefined ? {} : { principal }),
  };
  return [...parsed(text).pushReservation(entry).toRecords()];
}

function volume(id: string, size: number, extra: Partial<Resource> = {}): Resource {
  const [record] = reserved(`disk:${size}`);
  if (record === undefined) throw new Error('no disk');
  const info = { containerPath: 'data', mode: 'RW' as const };
  return { ...record, disk: { persistence: { id, principal: 'p1' }, volume: info }, ...extra };
}

const reserve = (records: readonly Resource[], id?: string): MessageInit<Offer_Operation> => ({
  type: 'RESERVE',
  reserve: { resources: records },
  ...(id === undefined ? {} : { id: { value: id } }),
});
const create = (...volumes: Resource[]): MessageInit<Offer_Operation> => ({
  type: 'CREATE',
  create: { volumes },
});
const destroy = (...volumes: Resource[]): MessageInit<Offer_Operation> => ({
  type: 'DESTROY',
  destroy: { volumes },
});
const launch = (...taskInfos: TaskInfo[]): MessageInit<Offer_Operation> => ({
  type: 'LAUNCH',
  launch: { taskInfos },
});

/** What the framework is told of the operations that have an id. */
function told(effects: ReturnType<typeof accept>): (string | undefined)[] {
  return eventsTo(effects, 'f1').flatMap(({ updateOperationStatus: update }) =>
    update === undefined ? [] : [`${update.status.state} ${update.status.message}`],
  );
}

/** The sentence an operation with an id is refused with. */
function refusal(master: GivenMaster, operation: MessageInit<Offer_Operation>): string | undefined {
  const total = master.getAgent('a1').totalResources;
  const effects = accept(master, { ...operation, id: { value: 'op' } });
  const text = told(effects)[0]?.replace(/^OPERATION_ERROR /, '');
  if (text === undefined) return undefined;
  t.ok(master.getAgent('a1').totalResources.equals(total), 'nothing was changed');
  t.strictSame(messagesTo(effects, 'a1'), [], 'nothing was sent');
  return text;
}

t.test('a reservation, a volume on it and a task in it come from one accept', (t) => {
  const master = given();
  const task = taskInfo('t1', 'a1', {
    resources: [...reserved('cpus:1'), volume('v', 64)],
  });
  const effects = accept(
    master,
    reserve(reserved('cpus:1;disk:100')),
    create(volume('v', 64)),
    launch(task),
  );
  t.strictSame(
    messagesTo(effects, 'a1').map(({ name }) => name),
    ['applyOperation', 'applyOperation', 'runTask'],
    'in the order they were asked for',
  );
  const web = '(allocated: web)(reservations: [(DYNAMIC,web,p1)])';
  t.strictSame(recovered(effects), [
    `disk${web}:36`,
    'cpus(allocated: web):3; mem(allocated: web):4096; disk(allocated: web):8092',
  ]);
  t.match(
    allocatorCommands(effects).filter(({ kind }) => kind === 'recoverResources'),
    [{ refuseMs: 0 }, { refuseMs: 5000 }],
    'what was made is not declined',
  );
  const { checkpointedResources } = master.getAgent('a1');
  t.equal(
    String(checkpointedResources),
    'cpus(reservations: [(DYNAMIC,web,p1)]):1; disk(reservations: [(DYNAMIC,web,p1)]):36; disk(reservations: [(DYNAMIC,web,p1)])[v:data]:64',
  );
  t.equal(master.state.operations.size, 2);
  t.end();
});

t.test('an agent is told the operation with its uuid and the version of its resources', (t) => {
  const master = given();
  const effects = accept(master, reserve(reserved('cpus:1'), 'op-1'));
  const [message] = messagesTo(effects, 'a1');
  const body = message?.body as internal.ApplyOperationMessage;
  t.same(body.frameworkId, { value: 'f1' });
  t.equal(body.operationInfo.id?.value, 'op-1');
  t.equal(body.operationInfo.reserve?.resources[0]?.allocationInfo?.role, 'web', 'role filled in');
  t.same(body.resourceVersionUuid.uuid, master.getAgent('a1').resourceVersionUuid);
  const [record] = master.state.operations.all();
  t.same(record?.uuid, body.operationUuid);
  t.match(record?.operation, {
    latestStatus: { state: 'OPERATION_PENDING', operationId: { value: 'op-1' } },
    statuses: [],
  });
  t.strictSame(told(effects), [], 'nothing is said before the agent has');
  t.end();
});

t.test('an operation that cannot be carried out does not keep the others from it', (t) => {
  const master = given();
  const effects = accept(
    master,
    reserve(reserved('cpus:100'), 'big'),
    reserve(reserved('cpus:1')),
    { type: 'UNKNOWN' },
    launch(taskInfo('t1', 'a1')),
  );
  t.strictSame(told(effects), [
    'OPERATION_ERROR cpus(allocated: web):4; mem(allocated: web):4096; disk(allocated: web):8192 does not contain cpus(allocated: web):100',
  ]);
  t.strictSame(
    messagesTo(effects, 'a1').map(({ name }) => name),
    ['applyOperation', 'runTask'],
  );
  t.end();
});

t.test('what is reserved for a role is refined for one below', (t) => {
  const master = givenMaster()
    .agent('a1')
    .framework('f1', { principal: 'p1', roles: ['web', 'web/eu'] })
    .offer('o1', 'f1', 'a1', OFFERED);
  accept(master, reserve(reserved('cpus:2')));
  master.state.addOffer({
    id: toId('o1'),
    frameworkId: toId('f1'),
    agentId: toId('a1'),
    role: 'web/eu',
    resources: Resources.of(reserved('cpus:2')).allocate('web/eu'),
  });
  const inner = reserved('cpus:1').map((record) => ({
    ...record,
    reservations: [
      ...record.reservations,
      { type: 'DYNAMIC' as const, role: 'web/eu', principal: 'p1' },
    ],
  }));
  const effects = accept(master, reserve(inner, 'inner'));
  t.strictSame(told(effects), []);
  t.match(
    String(master.getAgent('a1').checkpointedResources),
    '[(DYNAMIC,web,p1),(DYNAMIC,web/eu,p1)]):1',
  );
  t.end();
});

t.test('a reservation is exchanged for another and undone', (t) => {
  const other = given();
  const labelled = reserved('cpus:1').map((record) => ({
    ...record,
    reservations: record.reservations.map((entry) => ({
      ...entry,
      labels: { labels: [{ key: 'team', value: 'x' }] },
    })),
  }));
  const exchange: MessageInit<Offer_Operation> = {
    type: 'RESERVE',
    reserve: { source: reserved('cpus:1'), resources: labelled },
  };
  const undo: MessageInit<Offer_Operation> = {
    type: 'UNRESERVE',
    unreserve: { resources: labelled },
  };
  const effects = accept(other, reserve(reserved('cpus:1')), exchange, undo);
  t.equal(other.state.operations.size, 3);
  t.strictSame(recovered(effects), [
    'cpus(allocated: web):4; mem(allocated: web):4096; disk(allocated: web):8192',
  ]);
  t.ok(other.getAgent('a1').checkpointedResources.isEmpty);
  t.end();
});

t.test('a resized volume is nothing for the same accept, but comes with the next offer', (t) => {
  const master = given();
  const [addition] = reserved('disk:16');
  if (addition === undefined) throw new Error('no disk');
  const grow: MessageInit<Offer_Operation> = {
    type: 'GROW_VOLUME',
    growVolume: { volume: volume('v', 64), addition },
  };
  const task = taskInfo('t1', 'a1', { resources: [...resources('cpus:1'), volume('v', 80)] });
  const effects = accept(
    master,
    reserve(reserved('disk:100')),
    create(volume('v', 64)),
    grow,
    launch(task),
  );
  const [status] = eventsTo(effects, 'f1').map(({ update }) => update?.status);
  t.equal(status?.reason, 'REASON_TASK_INVALID');
  t.match(recovered(effects)[0], /\[v:data\]:80/);
  t.ok(master.getAgent('a1').totalResources.contains(Resources.of([volume('v', 80)])));
  t.end();
});

t.test('a volume shrinks and what is freed stays reserved', (t) => {
  const master = given();
  const shrink: MessageInit<Offer_Operation> = {
    type: 'SHRINK_VOLUME',
    shrinkVolume: { volume: volume('v', 64), subtract: { value: 8 } },
  };
  accept(master, reserve(reserved('disk:64')), create(volume('v', 64)), shrink);
  t.equal(
    String(master.getAgent('a1').checkpointedResources),
    'disk(reservations: [(DYNAMIC,web,p1)])[v:data]:56; disk(reservations: [(DYNAMIC,web,p1)]):8',
  );
  t.end();
});

t.test('any number of tasks use a shared volume, and what they hold adds up', (t) => {
  const master = given('SHARED_RESOURCES');
  const shared = volume('s', 10, { shared: {} });
  const user = (id: string): TaskInfo =>
    taskInfo(id, 'a1', { resources: [...resources('cpus:1'), shared] });
  const effects = accept(
    master,
    reserve(reserved('disk:10')),
    create(shared),
    launch(user('t1'), user('t2')),
    { ...destroy(shared), id: { value: 'd' } },
  );
  t.strictSame(
    told(effects).map((text) => text?.slice(0, 42)),
    ['OPERATION_ERROR Persistent volumes in use;'],
  );
  t.equal(master.getFramework('f1').tasks.size, 2);
  const more = allocatorCommands(effects).filter(({ kind }) => kind === 'useResources');
  t.equal(more.length, 1, 'the second copy was not offered');
  t.notMatch(recovered(effects).join(), /SHARED/, 'no copy is left over');
  t.end();
});

t.test('what is wrong with a reservation is said in Mesos words', (t) => {
  const agent = 'on agent a1 at slave(1)@a1:5051 (a1.example)';
  const cases: [MessageInit<Offer_Operation>, string][] = [
    [
      reserve(resources('cpus:1')),
      `Resource cpus(allocated: web):1 is not dynamically reserved; ${agent}`,
    ],
    [
      reserve(reserved('cpus:1', 'elsewhere')),
      `A reserve operation was attempted for a resource with role 'elsewhere', but the resource was allocated to role 'web'; ${agent}`,
    ],
    [
      reserve(reserved('cpus:1', 'web', 'p2')),
      `A reserve operation was attempted by authenticated principal 'p1', which does not match a reserved resource in the request with principal 'p2'; ${agent}`,
    ],
    [
      reserve(
        reserved('cpus:1', 'web', undefined).map((r) => ({
          ...r,
          reservations: [{ type: 'DYNAMIC' as const, role: 'web' }],
        })),
      ),
      `A reserve operation was attempted by principal 'p1', but there is a reserved resource in the request with no principal set; ${agent}`,
    ],
    [
      reserve([{ ...(reserved('cpus:1')[0] as Resource), scalar: { value: -1 } }]),
      "Operation attempted with invalid resources: Resource 'cpus(reservations: [(DYNAMIC,web,p1)]):-1' is invalid: Invalid scalar resource: value <= 0",
    ],
    [
      {
        type: 'RESERVE',
        reserve: { source: reserved('cpus:2'), resources: reserved('cpus:1') },
      },
      `Source and target resources should refer to identical resource quantities: cpus(allocated: web):2 vs. cpus(allocated: web):1; ${agent}`,
    ],
    [
      reserve(reserved('cpus:1').map((r) => ({ ...r, revocable: {} }))),
      `Invalid resources: Invalid ReservationInfo: Dynamically reserved resource cpus(allocated: web)(reservations: [(DYNAMIC,web,p1)]){REV}:1 cannot be created from revocable resources; ${agent}`,
    ],
  ];
  for (const [operation, text] of cases) t.equal(refusal(given(), operation), text);
  t.end();
});

t.test('what is wrong with the undoing of reservations, volumes and disks is said, too', (t) => {
  const plainDisk = { name: 'disk', type: 'SCALAR' as const, scalar: { value: 5 } };
  const [addition] = reserved('disk:5');
  const cases: [MessageInit<Offer_Operation>, RegExp][] = [
    [
      { type: 'UNRESERVE', unreserve: { resources: resources('cpus:1') } },
      /^Resource .* is not dynamically reserved; on agent/,
    ],
    [
      { type: 'UNRESERVE', unreserve: { resources: [volume('v', 1)] } },
      /cannot be unreserved directly/,
    ],
    [{ type: 'UNRESERVE', unreserve: { resources: reserved('cpus:1') } }, / does not contain cpus/],
    [
      create(volume('a/b', 1)),
      /Invalid persistence ID for persistent volume: 'a\/b' contains invalid characters/,
    ],
    [create(volume('v', 1), volume('v', 2)), /^Persistence ID 'v' is not unique/],
    [create(...reserved('disk:1')), /^Not a persistent volume: Resource .* does not have DiskInfo/],
    [create(volume('v', 1, { shared: {} })), /with no SHARED_RESOURCES capability/],
    [
      create(
        volume('v', 1, {
          disk: {
            persistence: { id: 'v', principal: 'p2' },
            volume: { containerPath: 'd', mode: 'RW' },
          },
        }),
      ),
      /which does not match a volume in the operation with principal 'p2'/,
    ],
    [
      create(
        volume('v', 1, {
          disk: {
            persistence: { id: 'v', principal: 'p1' },
            volume: { containerPath: 'd', mode: 'RO' },
          },
        }),
      ),
      /Read-only persistent volume not supported/,
    ],
    [
      create(
        volume('v', 1, {
          disk: {
            persistence: { id: 'v', principal: 'p1' },
            volume: { containerPath: 'd', hostPath: '/etc', mode: 'RW' },
          },
        }),
      ),
      /Expecting 'host_path' to be unset/,
    ],
    [create(volume('v', 1)), / does not contain disk/],
    [destroy(volume('v', 1)), /^Persistent volumes not found/],
    [
      { type: 'GROW_VOLUME', growVolume: { volume: volume('v', 1), addition: { ...plainDisk } } },
      /^Incompatible resources in the 'GrowVolume.volume'/,
    ],
    [
      {
        type: 'GROW_VOLUME',
        growVolume: {
          volume: volume('v', 1),
          addition: { ...addition, name: 'disk', type: 'SCALAR', scalar: { value: 0 } },
        },
      },
      /must be greater than zero/,
    ],
    [
      {
        type: 'GROW_VOLUME',
        growVolume: { volume: volume('v', 1), addition: addition as Resource },
      },
      /^Invalid GROW_VOLUME operation: .* does not contain/,
    ],
    [
      { type: 'SHRINK_VOLUME', shrinkVolume: { volume: volume('v', 1), subtract: { value: 1 } } },
      /must be smaller than the size/,
    ],
    [
      { type: 'SHRINK_VOLUME', shrinkVolume: { volume: volume('v', 2), subtract: { value: 1 } } },
      /^Invalid SHRINK_VOLUME operation: /,
    ],
    [
      {
        type: 'SHRINK_VOLUME',
        shrinkVolume: { volume: volume('v', 2, { shared: {} }), subtract: { value: 1 } },
      },
      /^Shrinking a shared persistent volume is not supported/,
    ],
    [
      { type: 'CREATE_DISK', createDisk: { source: plainDisk, targetType: 'MOUNT' } },
      /^'source' is not managed by a resource provider; on agent/,
    ],
    [
      { type: 'DESTROY_DISK', destroyDisk: { source: plainDisk } },
      /^'source' is not managed by a resource provider; on agent/,
    ],
    [
      {
        type: 'CREATE_DISK',
        createDisk: {
          source: {
            ...plainDisk,
            providerId: { value: 'p' },
            disk: { source: { type: 'RAW', profile: 'fast' } },
          },
          targetType: 'BLOCK',
        },
      },
      /^CREATE_DISK needs a resource provider 'p', which the agent does not have/,
    ],
    [{ type: 'RESERVE' }, /^Invalid resources: /],
    [{ type: 'CREATE' }, /^Invalid resources: /],
    [{ type: 'GROW_VOLUME' }, /^The operation does not say which volume/],
  ];
  for (const [operation, text] of cases) t.match(refusal(given(), operation), text);
  t.end();
});

t.test('feedback is refused where the agent cannot give it, and on launches', (t) => {
  const master = given();
  const facts = { ...master.getAgent('a1'), info: master.getAgent('a1').info };
  master.state.reconnectAgent(
    master.getAgent('a1'),
    {
      info: facts.info,
      pid: master.getAgent('a1').pid,
      version: '1.9.0',
      capabilities: [{ type: 'MULTI_ROLE' }, { type: 'RESOURCE_PROVIDER' }],
      resourceVersionUuid: master.getAgent('a1').resourceVersionUuid,
    },
    0,
  );
  t.match(
    refusal(master, reserve(reserved('cpus:1'))),
    /does not have the required AGENT_OPERATION_FEEDBACK/,
  );
  const effects = accept(given(), { ...launch(taskInfo('t1', 'a1')), id: { value: 'x' } });
  t.match(eventsTo(effects, 'f1')[0]?.update?.status, {
    state: 'TASK_ERROR',
    message: 'The `id` field cannot be set on LAUNCH operations',
  });
  t.end();
});

t.test('an id that is in use is refused, so that the other stays known', (t) => {
  const master = given();
  const effects = accept(
    master,
    reserve(reserved('cpus:1'), 'op'),
    reserve(reserved('cpus:1'), 'op'),
  );
  t.strictSame(told(effects), ['OPERATION_ERROR Operation has duplicate ID: op']);
  t.equal(master.state.operations.size, 1);
  t.end();
});

t.test('with offers that are gone every operation with an id is answered', (t) => {
  const master = given();
  const call = {
    offerIds: [{ value: 'gone' }],
    operations: [
      createMessage(Operation, reserve(reserved('cpus:1'), 'op')),
      createMessage(Operation, reserve(reserved('cpus:1'))),
    ],
  };
  const effects = acceptOffers(master.state, master.getFramework('f1'), call, master.env);
  t.strictSame(told(effects), [
    'OPERATION_ERROR Operation attempted with invalid offers: Offer gone is no longer valid',
  ]);
  t.equal(master.state.operations.size, 0);
  t.end();
});
