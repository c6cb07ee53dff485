// What an author asks for when launching a task, and the `TaskInfo` it becomes.
import {
  type AgentID,
  createMessage,
  type MessageInit,
  type Offer,
  type Resource,
  TaskInfo,
  type TaskStatus,
} from '@kaon/protocol';
import { TaskRequestError } from '../errors.ts';
import type { Want } from './carve-resources.ts';
import type { AttributeWishes, Spread } from './placement.ts';

/** A task to launch. Only `command` is needed. */
export interface TaskRequest {
  /** A shell command, or a program with its arguments that is started without a shell. */
  readonly command: string | readonly [string, ...string[]];
  /** For people. Default: the first word of the command. */
  readonly name?: string;
  /** Unique within the framework, at most 255 characters. Default: the name and a random suffix. */
  readonly taskId?: string;
  /**
   * What this task is to its author. While a task of the same key has not ended, of this run or of one
   * before that left it in the store, `launch` returns that one and launches nothing. Default: none.
   */
  readonly key?: string;
  /** Processors, to the thousandth. Default: 0.1. */
  readonly cpus?: number;
  /** Memory in MB. Default: 32. */
  readonly mem?: number;
  /** Disk in MB. Default: 0, which asks for none. */
  readonly disk?: number;
  /** Whole devices; needs the capability `GPU_RESOURCES`. Default: 0. */
  readonly gpus?: number;
  /** Environment variables. */
  readonly env?: Readonly<Record<string, string>>;
  /** Default: the framework's user. */
  readonly user?: string;
  /** Files fetched into the sandbox before the start. */
  readonly uris?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  /** Time between SIGTERM and SIGKILL, in milliseconds. Default: the executor's, 3 s. */
  readonly killGraceMs?: number;
  /** Killed and failed after this long, in milliseconds. Default: no limit. */
  readonly maxCompletionMs?: number;
  /** Attributes an agent must have to run it. Default: none. */
  readonly attributes?: AttributeWishes;
  /** How it and its like are spread over agents. Default: they are not. */
  readonly spread?: Spread;
  /** Which agents may run it, where `attributes` and `spread` cannot say it. Default: any. */
  readonly accepts?: (offer: Offer) => boolean;
  /** Fields of `TaskInfo` that have no place above (container, health check …). They win. */
  readonly taskInfo?: Partial<MessageInit<TaskInfo>>;
  /** Called with each update before it is acknowledged; the acknowledgement waits for its promise. */
  readonly onUpdate?: (status: TaskStatus) => void | Promise<void>;
}

const CPUS = 0.1;
const MEM_MB = 32;

/** The amounts a request asks for. Zero amounts are left out. @throws {TaskRequestError} */
export function wantsOf(request: TaskRequest): readonly Want[] {
  const amounts = {
    cpus: request.cpus ?? CPUS,
    mem: request.mem ?? MEM_MB,
    disk: request.disk ?? 0,
    gpus: request.gpus ?? 0,
  };
  const wants: Want[] = [];
  for (const [name, amount] of Object.entries(amounts)) {
    if (!Number.isFinite(amount) || amount < 0) {
      throw new TaskRequestError(name, `must be 0 or more, got ${amount}`);
    }
    const milli = Math.round(amount * 1000);
    if (milli > 0) wants.push({ name, milli });
  }
  if (wants.length === 0) throw new TaskRequestError('cpus and mem', 'are both 0');
  return wants;
}

/** The request's name, or the first word of its command. */
export function nameOf(request: TaskRequest): string {
  if (request.name !== undefined && request.name !== '') return request.name;
  const first = typeof request.command === 'string' ? request.command : request.command[0];
  return first.trim().split(/\s+/)[0] || 'task';
}

/** A task id made of `name` and `suffix`, with only characters that are safe in ids and paths. */
export function taskIdFor(name: string, suffix: string): string {
  const safe = name
    .replace(/[^A-Za-z0-9_.-]+/g, '-')
    .replace(/^[-.]+|[-.]+$/g, '')
    .slice(0, 200);
  return `${safe === '' ? 'task' : safe}-${suffix}`;
}

/** What is wrong with `id` as the id of a task; undefined when nothing is. */
export function taskIdProblem(id: string): string | undefined {
  if (id === '') return 'is empty';
  if (id.length > 255) return 'is longer than 255 characters';
  if (id === '.' || id === '..') return `is '${id}'`;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
  if (/[\u0000-\u001f\u007f/\\]/.test(id)) return 'contains a slash or a control character';
  return undefined;
}

/** The `TaskInfo` of a request that was placed. */
export function taskInfo(
  request: TaskRequest,
  placed: {
    readonly taskId: string;
    readonly name: string;
    readonly agentId: AgentID;
    readonly resources: readonly Resource[];
  },
): TaskInfo {
  const { command, env, uris, user, labels, killGraceMs, maxCompletionMs } = request;
  const variables = Object.entries(env ?? {}).map(([name, value]) => ({ name, value }));
  const isShell = typeof command === 'string';
  return createMessage(TaskInfo, {
    name: placed.name,
    taskId: { value: placed.taskId },
    agentId: placed.agentId,
    resources: placed.resources,
    command: {
      shell: isShell,
      value: isShell ? command : command[0],
      arguments: isShell ? [] : command,
      environment: variables.length === 0 ? undefined : { variables },
      uris: (uris ?? []).map((value) => ({ value })),
      user,
    },
    labels: labels && { labels: Object.entries(labels).map(([key, value]) => ({ key, value })) },
    killPolicy: killGraceMs === undefined ? undefined : { gracePeriod: nanoseconds(killGraceMs) },
    maxCompletionTime: maxCompletionMs === undefined ? undefined : nanoseconds(maxCompletionMs),
    ...request.taskInfo,
  });
}

function nanoseconds(durationMs: number): { readonly nanoseconds: number } {
  return { nanoseconds: Math.round(durationMs * 1e6) };
}
