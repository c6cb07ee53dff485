// What is thrown at an agent: calls and messages about things that are there, before anything is made wrong.
import type { AgentState } from '@kaon/agent';
import { type Random, uuidBytes } from '@kaon/primitives';
import { decodeJson, internal, type Schema } from '@kaon/protocol';
import { type Draft, type Known, makeMessage, pick } from '@kaon/testkit';

/** Messages of a master, by name. What may end an agent is rare. */
const MESSAGES: Readonly<Record<string, Schema<unknown>>> = {
  runTask: internal.RunTaskMessage,
  runTaskGroup: internal.RunTaskGroupMessage,
  killTask: internal.KillTaskMessage,
  statusUpdateAcknowledgement: internal.StatusUpdateAcknowledgementMessage,
  shutdownFramework: internal.ShutdownFrameworkMessage,
  shutdownExecutor: internal.ShutdownExecutorMessage,
  frameworkToExecutor: internal.FrameworkToExecutorMessage,
  updateFramework: internal.UpdateFrameworkMessage,
  reconcileTasks: internal.ReconcileTasksMessage,
  applyOperation: internal.ApplyOperationMessage,
  acknowledgeOperationStatus: internal.AcknowledgeOperationStatusMessage,
  reconcileOperations: internal.ReconcileOperationsMessage,
  checkpointResources: internal.CheckpointResourcesMessage,
  drainAgent: internal.DrainAgentMessage,
  ping: internal.PingAgentMessage,
};
const FINAL_MESSAGES: Readonly<Record<string, Schema<unknown>>> = {
  shutdown: internal.ShutdownMessage,
  agentRegistered: internal.AgentRegisteredMessage,
  agentReregistered: internal.AgentReregisteredMessage,
};
/** All messages that `makeMasterMessage` makes. */
export const MESSAGE_NAMES = [...Object.keys(MESSAGES), ...Object.keys(FINAL_MESSAGES)];
const OFTEN = ['runTask', 'runTaskGroup', 'applyOperation', 'killTask'];

/** Numbers that no JSON holds, and that come between processes all the same. */
const ODD_NUMBERS = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 5e-324];

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
const idOf = (value: string): Draft => ({ value });

export interface LiveExecutor {
  readonly frameworkId: string;
  readonly executorId: string;
  readonly containerId: string;
  readonly isRunning: boolean;
  readonly taskIds: readonly string[];
}

/** What there is, and may be named. */
export interface Things {
  readonly agentId: string;
  readonly resourceVersion: Uint8Array;
  /** Custom executors that have not ended. */
  readonly executors: readonly LiveExecutor[];
  readonly taskIds: readonly string[];
  readonly containerIds: readonly string[];
  readonly directories: readonly string[];
  readonly operationUuids: readonly Uint8Array[];
  readonly updateUuids: readonly Uint8Array[];
  readonly volumes: readonly Draft[];
  readonly isDraining: boolean;
}

/** Looks at what there is. */
export function thingsOf(state: AgentState): Omit<Things, 'resourceVersion' | 'volumes'> {
  const executors = [...state.allExecutors()];
  return {
    agentId: state.agentId ?? 'none',
    executors: executors
      .filter(({ kind, isLive }) => kind === 'custom' && isLive)
      .map(({ frameworkId, id, containerId, phase, tasks }) => ({
        frameworkId,
        executorId: id,
        containerId,
        isRunning: phase === 'running',
        taskIds: [...tasks.keys()],
      })),
    taskIds: executors.flatMap(({ tasks }) => [...tasks.keys()]),
    containerIds: executors.map(({ containerId }) => containerId),
    directories: executors.map(({ directory }) => directory),
    operationUuids: [...state.operations.values()].map(({ uuid }) => uuidOf(uuid)),
    updateUuids: [...state.streams].flatMap(({ head }) => (head?.uuid ? [head.uuid] : [])),
    isDraining: state.draining !== undefined,
  };
}

function uuidOf(text: string): Uint8Array {
  return Buffer.from(text.replaceAll('-', ''), 'hex');
}

/** Values that make a message name what is there. */
export function knownOf(things: Things, focus: LiveExecutor | undefined): Known {
  return (name, random) => {
    if (random.nextInt(15) === 0) return undefined;
    switch (name) {
      case 'mesos.v1.AgentID':
        return idOf(things.agentId);
      case 'mesos.v1.FrameworkID':
        return idOf(focus?.frameworkId ?? pick(random, ['F1', 'F2']));
      case 'mesos.v1.ExecutorID':
        return idOf(focus?.executorId ?? 'e1');
      case 'mesos.v1.TaskID':
        return idOf(
          pick(random, focus?.taskIds ?? []) ?? pick(random, things.taskIds) ?? freshId(random),
        );
      case 'mesos.v1.ContainerID':
        return idOf(pick(random, things.containerIds) ?? 'none');
      case 'mesos.v1.FrameworkInfo':
        return frameworkDraft(random, pick(random, ['F1', 'F2', 'F3']));
      case 'mesos.v1.TaskInfo':
        return random.nextInt(3) === 0 ? undefined : taskDraft(random, things);
      case 'mesos.v1.ExecutorInfo':
        return random.nextInt(3) === 0
          ? undefined
          : executorDraft(random, pick(random, ['CUSTOM', 'DEFAULT']));
      case 'mesos.v1.Resource':
        return resourceDraft(random, things);
      case 'mesos.v1.Offer.Operation':
        return random.nextInt(3) === 0 ? undefined : operationDraft(random, things);
      case 'mesos.v1.UUID':
        return { value: base64(pick(random, things.operationUuids) ?? uuidBytes(random)) };
      case 'kaon.internal.ResourceVersionUUID':
        return { uuid: { value: base64(things.resourceVersion) } };
      case 'mesos.v1.TaskStatus.uuid':
        return base64(uuidBytes(random));
      case 'mesos.v1.TaskStatus.source':
        return 'SOURCE_EXECUTOR';
      case 'kaon.internal.StatusUpdateAcknowledgementMessage.uuid':
        return base64(pick(random, things.updateUuids) ?? uuidBytes(random));
      case 'mesos.v1.CommandInfo':
        return { value: 'true' };
      default:
        return /Files?\.path$/.test(name) ? pick(random, things.directories) : undefined;
    }
  };
}

function freshId(random: Random): string {
  return `task-${random.nextInt(100_000)}`;
}

/** A framework that mostly checkpoints. */
export function frameworkDraft(random: Random, id: string): Draft {
  return {
    user: 'someone',
    name: 'fuzz',
    id: idOf(id),
    checkpoint: id !== 'F2',
    roles: ['web'],
    capabilities: random.nextInt(2) === 0 ? [{ type: 'PARTITION_AWARE' }] : [],
  };
}

/** A command or a task of a custom executor. */
export function taskDraft(random: Random, { agentId }: { readonly agentId: string }): Draft {
  const id = freshId(random);
  const isCustom = random.nextInt(2) === 0;
  return {
    name: id,
    task_id: idOf(id),
    agent_id: idOf(agentId),
    resources: [scalar('cpus', pick(random, [0.1, 0.5, 1])), scalar('mem', 16)],
    ...(isCustom ? { executor: executorDraft(random, 'CUSTOM') } : { command: { value: 'true' } }),
  };
}

function executorDraft(random: Random, type: string): Draft {
  const id = type === 'CUSTOM' ? `e${1 + random.nextInt(3)}` : `pod-${random.nextInt(20)}`;
  return {
    type,
    executor_id: idOf(id),
    ...(type === 'CUSTOM' && { command: { value: 'executor' } }),
    resources: [scalar('cpus', 0.1), scalar('mem', 16)],
  };
}

function scalar(name: string, value: number): Draft {
  return { name, type: 'SCALAR', scalar: { value } };
}

function reserved(resource: Draft): Draft {
  return { ...resource, reservations: [{ type: 'DYNAMIC', role: 'web' }] };
}

function volumeDraft(random: Random): Draft {
  const id = pick(random, ['v1', 'v2', 'v3', '..', '../../../../escape', 'a/b']);
  const disk = {
    persistence: { id },
    volume: { mode: 'RW', container_path: pick(random, ['data', 'data/x', '../data', '/data']) },
  };
  return { ...reserved(scalar('disk', 64)), disk };
}

function resourceDraft(random: Random, { volumes }: Things): Draft {
  switch (random.nextInt(6)) {
    case 0:
      return reserved(scalar('disk', 64));
    case 1:
      return pick(random, volumes) ?? volumeDraft(random);
    case 2: {
      const begin = 31_000 + random.nextInt(20);
      return { name: 'ports', type: 'RANGES', ranges: { range: [{ begin, end: begin + 2 }] } };
    }
    case 3:
      return scalar('mem', pick(random, [1, 16, 20_000]));
    case 4: {
      const disk = { source: { type: 'MOUNT', mount: { root: '/etc' } } };
      const volume = volumeDraft(random);
      return { ...volume, disk: { ...(volume['disk'] as Draft), ...disk } };
    }
    default:
      return scalar('cpus', pick(random, [0.1, 0.5, 100]));
  }
}

/** Operations that make a volume, which may have an illegal name, one after the other, as messages in JSON. */
export function volumeOperations(random: Random, { resourceVersion }: Things): readonly Draft[] {
  const disk = reserved(scalar('disk', 64));
  const volume = volumeDraft(random);
  const operations = [
    { type: 'RESERVE', reserve: { resources: [disk] } },
    { type: 'CREATE', create: { volumes: [volume] } },
  ];
  return operations.map((operation_info) => ({
    framework_id: idOf('F1'),
    operation_info,
    operation_uuid: { value: base64(uuidBytes(random)) },
    resource_version_uuid: { uuid: { value: base64(resourceVersion) } },
  }));
}

function operationDraft(random: Random, { volumes }: Things): Draft {
  const id = random.nextInt(2) === 0 ? { id: idOf(`o-${random.nextInt(1000)}`) } : {};
  const disk = reserved(scalar('disk', 64));
  switch (random.nextInt(4)) {
    case 0:
      return { ...id, type: 'UNRESERVE', unreserve: { resources: [disk] } };
    case 1:
      return { ...id, type: 'CREATE', create: { volumes: [volumeDraft(random)] } };
    case 2: {
      const volume = pick(random, volumes) ?? volumeDraft(random);
      return { ...id, type: 'DESTROY', destroy: { volumes: [volume] } };
    }
    default:
      return { ...id, type: 'RESERVE', reserve: { resources: [disk] } };
  }
}

/** A call of `type`, as its API's schema has it. */
export function makeCall(
  schema: Schema<unknown>,
  type: string,
  random: Random,
  known: Known,
): Draft {
  const call: Draft = { type };
  const body = schema.fields.find(({ name }) => name === type.toLowerCase());
  const inner = body?.message?.();
  if (body && inner) call[body.name] = makeMessage(inner, random, known);
  return call;
}

/** A message of a master, in the form in which it comes between processes; undefined for one that cannot be made. */
export function makeMasterMessage(
  random: Random,
  known: Known,
): { readonly name: string; readonly schema: Schema<unknown>; readonly body: unknown } | undefined {
  const isFinal = random.nextInt(200) === 0;
  const table = isFinal ? FINAL_MESSAGES : MESSAGES;
  const names = Object.keys(table);
  const name = pick(random, isFinal || random.nextInt(2) === 0 ? names : OFTEN);
  const schema = table[name] as Schema<unknown>;
  const decoded = decodeJson(schema, JSON.stringify(makeMessage(schema, random, known)));
  return decoded.ok ? { name, schema, body: decoded.value } : undefined;
}

/** A copy with one of its numbers such as no sane process sends. */
export function mutateNumber(value: unknown, random: Random): unknown {
  if (typeof value === 'number') return pick(random, ODD_NUMBERS);
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  const keys = Object.keys(value).filter((key) => holdsNumber((value as Draft)[key]));
  const key = pick(random, keys);
  if (key === undefined) return value;
  const changed = mutateNumber((value as Draft)[key], random);
  if (Array.isArray(value)) return value.map((item, at) => (`${at}` === key ? changed : item));
  return { ...value, [key]: changed };
}

function holdsNumber(value: unknown): boolean {
  if (typeof value === 'number') return true;
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return false;
  return Object.values(value).some(holdsNumber);
}
