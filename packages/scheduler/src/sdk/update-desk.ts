// What becomes of an update: the author's handlers first, then the store, then the acknowledgement.
import { errorText, type Logger } from '@kaon/primitives';
import type { TaskStatus } from '@kaon/protocol';
import type { Journal } from '../store/journal.ts';
import type { TrackedTask } from './tracked-task.ts';
import { UpdateFeed } from './update-feed.ts';

/** A launch that got lost (its offer was rescinded meanwhile) is tried this often again. */
const RELAUNCHES_MAX = 10;

/** What an `UpdateDesk` stands on. */
export interface UpdateDeskOptions {
  /** The task of this id, unless it has ended. */
  readonly task: (taskId: string) => TrackedTask | undefined;
  readonly journal: Journal | undefined;
  /** Told of updates of tasks the scheduler does not know, before they are acknowledged. */
  readonly onOtherUpdate: ((status: TaskStatus) => void | Promise<void>) | undefined;
  /** The launch never took place: the task waits again. */
  readonly onLost: (task: TrackedTask) => void;
  /** The task is over and everybody has handled it. */
  readonly onEnded: (task: TrackedTask) => void;
  readonly acknowledge: (status: TaskStatus) => void;
  readonly logger: Logger;
}

/** Takes updates in. */
export class UpdateDesk {
  readonly #options: UpdateDeskOptions;
  readonly #feeds = new Set<UpdateFeed>();
  /** Updates that came. */
  received = 0;

  constructor(options: UpdateDeskOptions) {
    this.#options = options;
  }

  /** A reader of all updates from now on. */
  feed(): UpdateFeed {
    const feed = new UpdateFeed((left) => this.#feeds.delete(left));
    this.#feeds.add(feed);
    return feed;
  }

  /** No more updates will come. */
  close(error: Error | undefined): void {
    for (const feed of this.#feeds) feed.end(error);
    this.#feeds.clear();
  }

  updated(status: TaskStatus): void {
    this.received += 1;
    const { acknowledge, onLost, logger } = this.#options;
    const task = this.#options.task(status.taskId.value);
    if (task === undefined) return this.#otherUpdated(status);
    if (task.isUnhandled(status)) return this.#hand(task, status);
    if (!task.isNews(status)) return acknowledge(status);
    if (isLostLaunch(task, status)) {
      acknowledge(status);
      if (task.isKillRequested) return this.publish(task, killedBeforeLaunch(task));
      return onLost(task);
    }
    task.take(status);
    const { onUpdate } = task.request;
    if (onUpdate === undefined) return this.publish(task, status);
    task.handling = task.handling.then(async () => {
      try {
        await onUpdate(status);
        this.publish(task, status);
      } catch (error) {
        // Not acknowledged, so the agent sends it again and the handler gets another chance.
        task.untake(status);
        const fields = { taskId: task.taskId, error: errorText(error) };
        logger.warn(fields, 'onUpdate failed; the update will be delivered again');
      }
    });
  }

  /** Shows an update to the task's author, then to the readers of all updates. */
  publish(task: TrackedTask, status: TaskStatus): void {
    task.publish(status);
    this.#hand(task, status);
  }

  #hand(task: TrackedTask, status: TaskStatus): void {
    task.markUnhandled(status, false);
    this.#toFeeds(task, status, (isHandled) => {
      if (isHandled) this.#keep(task, status);
      else task.markUnhandled(status, true);
    });
  }

  /** Durable first, acknowledged then. */
  #keep(task: TrackedTask, status: TaskStatus): void {
    const { journal, acknowledge, onEnded } = this.#options;
    const done = (): void => {
      if (task.isOver) onEnded(task);
      acknowledge(status);
    };
    if (journal === undefined) done();
    else if (task.isOver) journal.forget(task, done);
    else journal.keep(task, done, status);
  }

  #toFeeds(
    task: TrackedTask | undefined,
    status: TaskStatus,
    done: (isHandled: boolean) => void,
  ): void {
    const feeds = [...this.#feeds];
    if (feeds.length === 0) return done(true);
    let open = feeds.length;
    let areAllHandled = true;
    for (const feed of feeds) {
      feed.push({ task, status }, (isHandled) => {
        open -= 1;
        areAllHandled &&= isHandled;
        if (open === 0) done(areAllHandled);
      });
    }
  }

  /** Of an earlier incarnation's task, or of one that ended. */
  #otherUpdated(status: TaskStatus): void {
    const { onOtherUpdate, acknowledge, logger } = this.#options;
    const handled = (): void =>
      this.#toFeeds(undefined, status, (isHandled) => {
        if (isHandled) acknowledge(status);
      });
    if (onOtherUpdate === undefined) return handled();
    const told = (async () => onOtherUpdate(status))();
    told.then(handled, (error: unknown) => {
      const fields = { taskId: status.taskId.value, error: errorText(error) };
      logger.warn(fields, 'onOtherUpdate failed; the update will come again');
    });
  }
}

/** The last status of a task that never left the queue. */
export function killedBeforeLaunch(task: TrackedTask): TaskStatus {
  return {
    taskId: { value: task.taskId },
    state: 'TASK_KILLED',
    message: 'Killed before it was launched',
  };
}

/** Whether the launch never took place, so that the task may be launched again under its id. */
function isLostLaunch(task: TrackedTask, { state, reason }: TaskStatus): boolean {
  if (task.wasHeardOf || task.relaunches >= RELAUNCHES_MAX) return false;
  if (reason === 'REASON_INVALID_OFFERS') return state === 'TASK_DROPPED' || state === 'TASK_LOST';
  return reason === 'REASON_RECONCILIATION' && (state === 'TASK_UNKNOWN' || state === 'TASK_GONE');
}
