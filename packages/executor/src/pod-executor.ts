// The pod executor: looks after task groups, as Mesos' default executor does. An actor inside the agent;
// each member is a command task with an executor and a container of its own. A member that fails or is
// killed ends its group; with its last member the executor ends.
import {
  type ActorContext,
  defineActor,
  defineProtocol,
  localMessage,
  type Pid,
} from '@kaon/actor';
import { bytesEqual, uuidBytes } from '@kaon/primitives';
import type { TaskInfo, TaskState, TaskStatus } from '@kaon/protocol';
import {
  type CommandExecutorEnd,
  type CommandExecutorProtocol,
  commandExecutor,
  KILL_GRACE_MS,
} from './command-executor.ts';
import type { TaskRunner } from './task-runner.ts';

/** One task of a group, and its container. */
export interface PodMember {
  readonly task: TaskInfo;
  readonly runner: TaskRunner;
  /** As `CommandExecutorOptions.recovered`: the container is held on to, not started. */
  readonly recovered?: { readonly reported: TaskState | undefined };
}

/** What the agent tells a pod executor. */
export const podExecutorProtocol = defineProtocol({
  /** Starts all tasks of a group. Task ids must not be in use by the executor. */
  launchGroup: localMessage<{ readonly members: readonly PodMember[] }>(),
  /** Ends a task, and with it its group. As `kill` of the command executor. */
  kill: localMessage<{ readonly taskId: string; readonly graceMs: number }>(),
  /** The agent has made the update `uuid` of a task durable. */
  acknowledged: localMessage<{ readonly taskId: string; readonly uuid: Uint8Array }>(),
  /** Ends all tasks as `kill` does, and then the executor, acknowledged or not. */
  shutdown: localMessage<{ readonly graceMs: number }>(),

  /** Member: its command's process exists. */
  memberStarted: localMessage<{ readonly taskId: string; readonly pid: number }>(),
  /** Member: a status. */
  memberStatus: localMessage<{ readonly status: TaskStatus }>(),
  /** Member: it has ended. */
  memberEnded: localMessage<{ readonly taskId: string; readonly end: CommandExecutorEnd }>(),
  /** Itself: a member's actor failed; after all that it said. */
  memberLost: localMessage<{ readonly taskId: string }>(),
});

/** The type of a pod executor pid. */
export type PodExecutorProtocol = typeof podExecutorProtocol;

/** What a pod executor is started with. */
export interface PodExecutorOptions {
  /** Whether the framework understands TASK_KILLING. */
  readonly sendsKilling: boolean;
  /** The process of a member's command exists. */
  readonly onStarted: (taskId: string, pid: number) => undefined;
  /** A status of a member to be made durable, acknowledged and forwarded. */
  readonly onStatus: (status: TaskStatus) => undefined;
  /** A member is over: acknowledged, and its container destroyed. */
  readonly onMemberEnded: (taskId: string) => undefined;
  /** Told once, just before this actor stops: nothing of it runs any more. */
  readonly onEnded: () => undefined;
}

/** Runs groups of commands and reports on them. */
export const podExecutor = defineActor(podExecutorProtocol, (ctx, options: PodExecutorOptions) => {
  const pod = new Pod(ctx, options);
  return {
    receive: {
      launchGroup: ({ members }) => pod.launchGroup(members),
      kill: ({ taskId, graceMs }) => pod.kill(taskId, graceMs),
      acknowledged: ({ taskId, uuid }) => pod.acknowledge(taskId, uuid),
      shutdown: ({ graceMs }) => pod.shutdown(graceMs),
      memberStarted: ({ taskId, pid }) => options.onStarted(taskId, pid),
      memberStatus: ({ status }) => pod.report(status),
      memberEnded: ({ taskId, end }) => pod.memberEnded(taskId, end),
      memberLost: ({ taskId }) => pod.memberLost(taskId),
    },
    exited: (pid) => pod.memberExited(pid),
  };
});

interface Member {
  readonly task: TaskInfo;
  readonly group: Group;
  readonly runner: TaskRunner;
  readonly pid: Pid<CommandExecutorProtocol>;
  /** It has said how it ended; its actor's exit, a signal, may be heard first. */
  hasSaidEnd: boolean;
  /** Its actor has ended; what it said last may still wait for acknowledgement. */
  isOver: boolean;
  /** The terminal update this executor sent in its stead, until it is acknowledged. */
  pendingUuid: Uint8Array | undefined;
}

interface Group {
  readonly taskIds: readonly string[];
  isEnding: boolean;
}

class Pod {
  readonly #ctx: ActorContext<PodExecutorProtocol>;
  readonly #options: PodExecutorOptions;
  readonly #members = new Map<string, Member>();
  #isShuttingDown = false;

  constructor(ctx: ActorContext<PodExecutorProtocol>, options: PodExecutorOptions) {
    this.#ctx = ctx;
    this.#options = options;
  }

  launchGroup(members: readonly PodMember[]): undefined {
    const group: Group = { taskIds: members.map(({ task }) => task.taskId.value), isEnding: false };
    for (const { task, runner, recovered } of members) {
      const taskId = task.taskId.value;
      const { self } = this.#ctx;
      const pid = this.#ctx.spawn(commandExecutor, {
        task,
        runner,
        sendsKilling: this.#options.sendsKilling,
        ...(recovered && { recovered }),
        onStarted: (processId) => this.#ctx.send(self, 'memberStarted', { taskId, pid: processId }),
        onStatus: (status) => this.#ctx.send(self, 'memberStatus', { status }),
        onEnded: (end) => {
          member.hasSaidEnd = true;
          return this.#ctx.send(self, 'memberEnded', { taskId, end });
        },
      });
      this.#ctx.link(pid);
      const rest = { hasSaidEnd: false, isOver: false, pendingUuid: undefined };
      const member: Member = { task, group, runner, pid, ...rest };
      this.#members.set(taskId, member);
    }
    if (this.#isShuttingDown) this.shutdown(0);
    return undefined;
  }

  kill(taskId: string, graceMs: number): undefined {
    const member = this.#members.get(taskId);
    if (member && !member.isOver) this.#ctx.send(member.pid, 'kill', { graceMs });
    return undefined;
  }

  acknowledge(taskId: string, uuid: Uint8Array): undefined {
    const member = this.#members.get(taskId);
    if (!member) return undefined;
    if (!member.isOver) this.#ctx.send(member.pid, 'acknowledged', { uuid });
    else if (member.pendingUuid && bytesEqual(uuid, member.pendingUuid)) this.#remove(taskId);
    return undefined;
  }

  shutdown(graceMs: number): undefined {
    this.#isShuttingDown = true;
    for (const [taskId, member] of [...this.#members]) {
      if (member.isOver) this.#remove(taskId);
      else this.#ctx.send(member.pid, 'shutdown', { graceMs });
    }
    if (this.#members.size === 0) this.#end();
    return undefined;
  }

  report(status: TaskStatus): undefined {
    this.#options.onStatus(status);
    if (status.state !== 'TASK_FAILED' && status.state !== 'TASK_KILLED') return undefined;
    const group = this.#members.get(status.taskId.value)?.group;
    if (group) this.#endGroup(group, status.taskId.value);
    return undefined;
  }

  memberEnded(taskId: string, end: CommandExecutorEnd): undefined {
    const member = this.#members.get(taskId);
    if (!member || member.isOver) return undefined;
    if (end.kind === 'done') {
      member.isOver = true;
      this.#remove(taskId);
    } else {
      this.#fail(member, `Failed to launch container: ${end.problem}`, true);
    }
    return undefined;
  }

  /** A signal: it comes before what the member has said. */
  memberExited(pid: Pid): void {
    for (const [taskId, member] of this.#members) {
      if (!member.pid.equals(pid) || member.hasSaidEnd) continue;
      this.#ctx.send(this.#ctx.self, 'memberLost', { taskId });
    }
  }

  /** Its container is still there, and nobody else would end it. */
  memberLost(taskId: string): undefined {
    const member = this.#members.get(taskId);
    if (!member || member.isOver) return undefined;
    const fail = (): void => this.#fail(member, 'The executor of the task failed', false);
    this.#ctx.defer(member.runner.destroy(), fail, (error) => {
      this.#ctx.logger.error({ err: error }, 'container not destroyed');
      fail();
    });
    return undefined;
  }

  #fail(member: Member, message: string, isLaunchFailure: boolean): void {
    const uuid = uuidBytes(this.#ctx.random);
    member.isOver = true;
    member.pendingUuid = uuid;
    this.report({
      taskId: member.task.taskId,
      state: 'TASK_FAILED',
      message,
      source: 'SOURCE_EXECUTOR',
      reason: isLaunchFailure ? 'REASON_CONTAINER_LAUNCH_FAILED' : 'REASON_EXECUTOR_TERMINATED',
      timestamp: this.#ctx.clock.nowMs() / 1000,
      uuid,
    });
    // Nobody may be left to acknowledge it.
    if (this.#isShuttingDown) this.#remove(member.task.taskId.value);
  }

  /** The rest of a group ends with the first member that failed or was killed. */
  #endGroup(group: Group, culprit: string): void {
    if (group.isEnding) return;
    group.isEnding = true;
    for (const taskId of group.taskIds) {
      const member = this.#members.get(taskId);
      if (!member || taskId === culprit) continue;
      const nanoseconds = member.task.killPolicy?.gracePeriod?.nanoseconds;
      this.kill(taskId, nanoseconds === undefined ? KILL_GRACE_MS : nanoseconds / 1e6);
    }
  }

  #remove(taskId: string): void {
    this.#members.delete(taskId);
    this.#options.onMemberEnded(taskId);
    if (this.#members.size === 0) this.#end();
  }

  #end(): void {
    this.#options.onEnded();
    this.#ctx.stop();
  }
}
