// The recorded life of a reservation and a volume: the same operations in the same order, with the same
// answers. Ids are masked.
import {
  createMessage,
  type MessageInit,
  Offer_Operation,
  type OperationState,
  type Resource,
} from '@kaon/protocol';
import { Resources } from '@kaon/resources';
import t from 'tap';
import { acceptOffers } from '#master/transitions/accept-offers';
import { updateOperationStatus } from '#master/transitions/update-operation-status';
import { eventsTo, type GivenMaster, givenMaster, messagesTo } from './builders/given-master.ts';
import { MODERN_CAPABILITIES, taskInfo, uuidOf } from './builders/records.ts';

const LABELS = { labels: [{ key: 'team', value: 'x' }] };
const STACK = [{ type: 'DYNAMIC' as const, role: 'golden', principal: 'p1', labels: LABELS }];

function reserved(name: string, value: number): Resource {
  return {
    name,
    type: 'SCALAR',
    scalar: { value },
    reservations: STACK,
    allocationInfo: { role: 'golden' },
  };
}

function volume(value: number): Resource {
  const persistence = { id: 'vol-1', principal: 'p1' };
  const disk = { persistence, volume: { containerPath: 'data', mode: 'RW' as const } };
  return { ...reserved('disk', value), disk };
}

/** Offers all of the agent that no task holds, as the next offer of the recording. */
function accept(master: GivenMaster, init: MessageInit<Offer_Operation>) {
  const agent = master.getAgent('a1');
  const used = [...master.state.usedOn(agent).values()].map((all) => all.unallocate());
  const free = agent.totalResources.unheld(used);
  master.state.addOffer({
    id: 'o' as never,
    frameworkId: 'f1' as never,
    agentId: 'a1' as never,
    role: 'golden',
    resources: free.allocate('golden'),
  });
  const operations = [createMessage(Offer_Operation, init)];
  const call = { offerIds: [{ value: 'o' }], operations, filters: { refuseSeconds: 0 } };
  return acceptOffers(master.state, master.getFramework('f1'), call, master.env);
}

/** The agent has carried out what it was sent last; what the framework hears of it. */
function finish(master: GivenMaster, state: OperationState = 'OPERATION_FINISHED') {
  const agent = master.getAgent('a1');
  const operation = master.state.operations.onAgent(agent.id).at(-1);
  if (operation === undefined) throw new Error('nothing was sent');
  const status = {
    state,
    convertedResources: [],
    agentId: { value: agent.id },
    ...(operation.id === undefined ? {} : { uuid: { value: uuidOf(5) } }),
  };
  const message = { agentId: { value: agent.id }, status, operationUuid: operation.uuid };
  const effects = updateOperationStatus(master.state, { message, from: agent.pid }, master.env);
  return eventsTo(effects, 'f1').map(({ updateOperationStatus: update }) => update?.status);
}

t.test('as recorded', (t) => {
  const master = givenMaster()
    .agent('a1', 'ports:[31000-31999];cpus:4;mem:4096;disk:8192')
    .framework('f1', {
      roles: ['golden'],
      principal: 'p1',
      capabilities: MODERN_CAPABILITIES.map((type) => ({ type })),
    });
  const stands = (): string =>
    String(master.getAgent('a1').checkpointedResources.persistentVolumes());

  const reserve = { resources: [reserved('cpus', 1), reserved('mem', 128), reserved('disk', 128)] };
  accept(master, { type: 'RESERVE', reserve });
  t.strictSame(finish(master), [], 'nobody asked to be told');
  accept(master, { type: 'CREATE', create: { volumes: [volume(64)] } });
  finish(master);
  t.match(stands(), '[vol-1:data]:64');

  const task = taskInfo('t-vol', 'a1', {
    resources: [reserved('cpus', 0.5), reserved('mem', 64), volume(64)],
  });
  const launched = accept(master, { type: 'LAUNCH', launch: { taskInfos: [task] } });
  t.strictSame(
    messagesTo(launched, 'a1').map(({ name }) => name),
    ['runTask'],
  );
  const inUse = accept(master, {
    type: 'DESTROY',
    id: { value: 'early' },
    destroy: { volumes: [volume(64)] },
  });
  t.match(
    eventsTo(inUse, 'f1')[0]?.updateOperationStatus?.status.message,
    /^Persistent volumes in use/,
  );
  const [record] = master.getFramework('f1').tasks.values();
  if (record !== undefined) master.state.removeTask(record, 'completed');

  const shrink = { volume: volume(64), subtract: { value: 8 } };
  accept(master, { type: 'SHRINK_VOLUME', id: { value: 'op-shrink' }, shrinkVolume: shrink });
  t.match(finish(master), [
    { operationId: { value: 'op-shrink' }, state: 'OPERATION_FINISHED', agentId: { value: 'a1' } },
  ]);
  t.match(stands(), '[vol-1:data]:56');

  const early = accept(master, {
    type: 'UNRESERVE',
    id: { value: 'op-unreserve-early' },
    unreserve: { resources: [reserved('disk', 128), reserved('cpus', 1000)] },
  });
  const [refused] = eventsTo(early, 'f1');
  t.match(
    refused?.updateOperationStatus?.status.message,
    /does not contain disk\(allocated: golden\)\(reservations: \[\(DYNAMIC,golden,p1,\{team: x\}\)\]\):128$/,
  );
  t.strictSame(Object.keys(refused?.updateOperationStatus?.status ?? {}).sort(), [
    'convertedResources',
    'message',
    'operationId',
    'state',
  ]);

  accept(master, {
    type: 'DESTROY',
    id: { value: 'op-destroy' },
    destroy: { volumes: [volume(56)] },
  });
  t.match(finish(master), [{ state: 'OPERATION_FINISHED', uuid: { value: uuidOf(5) } }]);
  t.equal(stands(), '');
  accept(master, { type: 'UNRESERVE', unreserve: reserve });
  finish(master);
  t.ok(master.getAgent('a1').checkpointedResources.isEmpty, 'all unreserved again');
  t.ok(
    master.getAgent('a1').totalResources.equals(Resources.of(master.getAgent('a1').info.resources)),
  );
  t.end();
});
