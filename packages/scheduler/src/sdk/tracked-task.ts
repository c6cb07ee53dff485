// One task from `launch` to its end, as its author sees it and as the scheduler keeps it.
import {
  type AgentID,
  isTerminal,
  type Offer,
  type TaskState,
  type TaskStatus,
} from '@kaon/protocol';
import type { Want } from './carve-resources.ts';
import type { AttributeWishes, Spread } from './placement.ts';
import type { TaskRequest } from './task-request.ts';
import { UpdateLog } from './update-log.ts';

/** The agent a task was sent to. */
export interface TaskAgent {
  readonly agentId: AgentID;
  readonly hostname: string;
  /** Base URL of the agent, `http://10.0.0.7:5051/slave(1)`; undefined when the offer had none. */
  readonly url: string | undefined;
}

/** A task that was handed to the scheduler. */
export interface LaunchedTask {
  readonly taskId: string;
  readonly name: string;
  /** The last update, undefined before the first. */
  readonly status: TaskStatus | undefined;
  /** State of the last update; `TASK_STAGING` before the first. */
  readonly state: TaskState;
  /** Undefined while the task waits for an offer. */
  readonly agent: TaskAgent | undefined;
  /**
   * Resolves with the last status, whatever it is: a failed or lost task is no rejection.
   * Rejects when the scheduler closes or fails before the task ended.
   */
  readonly finished: Promise<TaskStatus>;
  /** Every update once, from the first on, for any number of readers; ends with the last status. */
  readonly updates: AsyncIterable<TaskStatus>;
  /** Kills the task; one that still waits for an offer ends at once. Resolves when the master knows. */
  kill(): Promise<void>;
}

/** The scheduler's side of a `LaunchedTask`. */
export class TrackedTask implements LaunchedTask {
  readonly taskId: string;
  readonly name: string;
  readonly wants: readonly Want[];
  readonly attributes: AttributeWishes | undefined;
  readonly spread: (Spread & { readonly group: string }) | undefined;
  readonly finished: Promise<TaskStatus>;
  readonly #log = new UpdateLog();
  readonly #kill: (task: TrackedTask) => Promise<void>;
  #request: TaskRequest;
  #unhandledUuid: string | undefined;
  #resolve: (status: TaskStatus) => void = () => undefined;
  #reject: (error: Error) => void = () => undefined;
  #lastUuid: string | undefined;
  #isOver = false;
  status: TaskStatus | undefined;
  agent: TaskAgent | undefined;
  /** Value of the attribute it is spread over, where it was sent. */
  spreadValue: string | undefined;
  /** State the store knew when the task was found there. */
  savedState: TaskState | undefined;
  /** Found in the store unlaunched; the function that chooses its agents is still to come. */
  waitsForAuthor = false;
  /** Once set, the kill is repeated with every new subscription. */
  isKillRequested = false;
  /** Times the task went back to the queue because its launch got lost. */
  relaunches = 0;
  /** Serialises the calls of `onUpdate`. */
  handling: Promise<void> = Promise.resolve();

  constructor(
    taskId: string,
    name: string,
    request: TaskRequest,
    wants: readonly Want[],
    kill: (task: TrackedTask) => Promise<void>,
  ) {
    this.taskId = taskId;
    this.name = name;
    this.#request = request;
    this.wants = wants;
    this.attributes = request.attributes;
    this.spread = request.spread && { ...request.spread, group: request.spread.group ?? name };
    this.#kill = kill;
    this.finished = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // An author who does not look at `finished` must not see the process end by it.
    this.finished.catch(() => undefined);
  }

  get state(): TaskState {
    return this.status?.state ?? this.savedState ?? 'TASK_STAGING';
  }

  get request(): TaskRequest {
    return this.#request;
  }

  get accepts(): ((offer: Offer) => boolean) | undefined {
    return this.#request.accepts;
  }

  /** Whether anything was ever heard of it, by this scheduler or one before. */
  get wasHeardOf(): boolean {
    return this.status !== undefined || this.savedState !== undefined;
  }

  /** Its author is back after a restart, with the functions that no store keeps. */
  adopt({ accepts, onUpdate }: TaskRequest): void {
    const { accepts: _accepts, onUpdate: _onUpdate, ...kept } = this.#request;
    this.#request = {
      ...kept,
      ...(accepts === undefined ? {} : { accepts }),
      ...(onUpdate === undefined ? {} : { onUpdate }),
    };
  }

  get updates(): AsyncIterable<TaskStatus> {
    return this.#log;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  kill(): Promise<void> {
    return this.#kill(this);
  }

  /** Whether `status` tells something new: no retransmission, and no repetition by reconciliation. */
  isNews(status: TaskStatus): boolean {
    if (this.#isOver) return false;
    const uuid = uuidText(status);
    if (uuid === undefined) return status.state !== this.status?.state;
    return uuid !== this.#lastUuid;
  }

  /** Marks an update as taken, so that its retransmissions are no news. */
  take(status: TaskStatus): void {
    this.#lastUuid = uuidText(status) ?? this.#lastUuid;
  }

  /** Gives a taken update back, so that its retransmission is handled again. */
  untake(status: TaskStatus): void {
    if (uuidText(status) === this.#lastUuid) this.#lastUuid = undefined;
  }

  /** Whether a reader left this update, taken already, unhandled. */
  isUnhandled(status: TaskStatus): boolean {
    return this.#unhandledUuid !== undefined && uuidText(status) === this.#unhandledUuid;
  }

  /** A reader left the update unhandled (or now has not): its retransmission is for those who read then. */
  markUnhandled(status: TaskStatus, isUnhandled: boolean): void {
    if (isUnhandled) this.#unhandledUuid = uuidText(status);
    else if (this.isUnhandled(status)) this.#unhandledUuid = undefined;
  }

  /** Shows an update to the author. True when it was the last one. */
  publish(status: TaskStatus): boolean {
    if (this.#isOver) return true;
    this.status = status;
    this.#log.push(status);
    // `TASK_UNKNOWN` ends it too: neither master nor agents know it, so nothing more will be heard.
    if (!isTerminal(status.state) && status.state !== 'TASK_UNKNOWN') return false;
    this.#isOver = true;
    this.#log.end();
    this.#resolve(status);
    return true;
  }

  /** Ends the task without a status. */
  fail(error: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#log.end(error);
    this.#reject(error);
  }
}

function uuidText({ uuid }: TaskStatus): string | undefined {
  return uuid === undefined || uuid.length === 0 ? undefined : Buffer.from(uuid).toString('hex');
}

/** Where the agent of an offer can be reached. */
export function agentOf(offer: Offer): TaskAgent {
  const { url, agentId, hostname } = offer;
  if (url === undefined) return { agentId, hostname, url: undefined };
  const host = url.address.ip ?? url.address.hostname ?? hostname;
  const bracketed = host.includes(':') ? `[${host}]` : host;
  return {
    agentId,
    hostname,
    url: `${url.scheme}://${bracketed}:${url.address.port}${url.path ?? ''}`,
  };
}
