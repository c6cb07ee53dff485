// A task in a copy of the state: the bytes it came as, and no more of it read than where it belongs. Few of many
// tasks are ever looked at twice: once they are printed, their texts are kept.
import { BoundedMap, invariant } from '@kaon/primitives';
import {
  type AgentID,
  decodeProto,
  type ExecutorID,
  type FrameworkID,
  type RawJson,
  type Schema,
  Task,
  type TaskID,
  type TaskState,
} from '@kaon/protocol';
import type { Resources } from '@kaon/resources';
import type { ByteStore, StoredBytes } from './byte-store.ts';
import { TaskRecord } from './task-record.ts';

/** A task as it comes to a copy. */
export interface TaskData {
  /** A `Task` in protobuf. */
  readonly bytes: Uint8Array;
  /** Its resources, one object for many tasks. Undefined: to be read from the bytes. */
  readonly resources: Resources | undefined;
  /** Whom those are allocated to, where `resources` are given. */
  readonly role: string | undefined;
}

type TaskHead = Pick<Task, 'taskId' | 'frameworkId' | 'executorId' | 'agentId' | 'state'>;

const HEAD_KEYS: ReadonlySet<string> = new Set<keyof TaskHead>([
  'taskId',
  'frameworkId',
  'executorId',
  'agentId',
  'state',
]);

/** The same message with most of its fields unknown: those are skipped. */
const HEAD_SCHEMA: Schema<TaskHead> = {
  ...Task,
  fields: Task.fields.filter(({ key }) => HEAD_KEYS.has(key)),
};

/** Ids that are remembered as common to many tasks; of each kind, the newest. */
const SHARED_IDS_MAX = 65_536;

/** Ids that many tasks have in common. */
export class SharedIds {
  readonly #frameworks = new BoundedMap<string, FrameworkID>(SHARED_IDS_MAX);
  readonly #agents = new BoundedMap<string, AgentID>(SHARED_IDS_MAX);

  framework(id: FrameworkID): FrameworkID {
    return shared(this.#frameworks, id);
  }

  agent(id: AgentID): AgentID {
    return shared(this.#agents, id);
  }
}

function shared<T extends { readonly value: string }>(known: BoundedMap<string, T>, id: T): T {
  const old = known.get(id.value);
  if (old === undefined) known.set(id.value, id);
  return old ?? id;
}

/** Reads as a `Task`, by `copiedTask`: what is not here is read from the bytes when it is asked for. */
export class CopiedTask {
  readonly stored: StoredBytes;
  readonly taskId: TaskID;
  readonly frameworkId: FrameworkID;
  readonly executorId: ExecutorID | undefined;
  readonly agentId: AgentID;
  readonly state: TaskState;
  /** What it is printed as in a list of `/state`, once somebody has made that. */
  listPart: RawJson | undefined = undefined;
  /** What it is printed as in a list of the operator API, with a comma before it. */
  recordText: StoredBytes | undefined = undefined;

  constructor(stored: StoredBytes, head: TaskHead, ids: SharedIds) {
    this.stored = stored;
    this.taskId = head.taskId;
    this.frameworkId = ids.framework(head.frameworkId);
    this.executorId = head.executorId;
    this.agentId = ids.agent(head.agentId);
    this.state = head.state;
  }
}

/** The task that was read last: its fields are asked for one after the other. */
let lastRead: CopiedTask | undefined;
let lastTask: Task | undefined;

function wholeTask(copied: CopiedTask): Task {
  if (lastRead !== copied || lastTask === undefined) {
    const task = decodeProto(Task, copied.stored.bytes);
    invariant(task.ok, 'what came as a task is one');
    lastTask = task.value;
    lastRead = copied;
  }
  return lastTask;
}

for (const { key } of Task.fields) {
  if (HEAD_KEYS.has(key)) continue;
  Object.defineProperty(CopiedTask.prototype, key, {
    get(this: CopiedTask) {
      return wholeTask(this)[key as keyof Task];
    },
  });
}

/** Keeps a task in `store`. */
export function copiedTask({ bytes }: TaskData, store: ByteStore, ids: SharedIds): Task {
  const head = decodeProto(HEAD_SCHEMA, bytes);
  invariant(head.ok, 'what comes as a task is one');
  return new CopiedTask(store.keepBytes(bytes), head.value, ids) as unknown as Task;
}

/** The record of a copied task. */
export class CopiedTaskRecord extends TaskRecord {
  readonly #role: string | undefined;

  constructor(facts: Task, { resources, role }: TaskData) {
    super(facts, undefined, resources);
    this.#role = role;
  }

  override get role(): string | undefined {
    return this.#role ?? super.role;
  }
}
