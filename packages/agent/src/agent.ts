// The agent's actor: a table of what it hears, and the transition that each message is.
import { type ActorDefinition, type BodyOf, defineActor, type Pid } from '@kaon/actor';
import { createEffectRunner, type EffectPorts } from './effect-runner.ts';
import { type Effect, log } from './effects.ts';
import { type AgentProtocol, agentProtocol } from './protocol.ts';
import type { AgentState } from './state/agent-state.ts';
import {
  acknowledgementCheckpointed,
  acknowledgeUpdate,
} from './transitions/acknowledge-update.ts';
import { applyOperation, checkpointResources } from './transitions/apply-operation.ts';
import { masterDetected, masterExited } from './transitions/detect-master.ts';
import { drainAgent, drainCheckpointed, endDraining } from './transitions/drain.ts';
import type { AgentSettings, Env } from './transitions/env.ts';
import { executorCall } from './transitions/executor-call.ts';
import { executorEnded } from './transitions/executor-ended.ts';
import { executorStarted } from './transitions/executor-started.ts';
import { updateRetryDue } from './transitions/forward-updates.ts';
import { frameworkToExecutor, isSchedulersMessage } from './transitions/framework-message.ts';
import { killTask } from './transitions/kill-task.ts';
import {
  acknowledgeOperation,
  operationAcknowledgementCheckpointed,
  operationCheckpointed,
  operationRetryDue,
  reconcileOperations,
  resourcesCheckpointed,
} from './transitions/operation-status.ts';
import { pinged, pingOverdue } from './transitions/ping.ts';
import { launchCheckpointed, launchCheckpointFailed } from './transitions/prepare-launch.ts';
import { reconcileTasks } from './transitions/reconcile-tasks.ts';
import { type Findings, recover } from './transitions/recover.ts';
import {
  agentInfoCheckpointed,
  agentRegistered,
  agentReregistered,
  registrationDue,
} from './transitions/register.ts';
import { runTask, runTaskGroup } from './transitions/run-task.ts';
import {
  destroyOverdue,
  shutdownExecutor,
  shutdownGraceOver,
} from './transitions/shutdown-executor.ts';
import { shutdownFramework } from './transitions/shutdown-framework.ts';
import { executorStatus, updateCheckpointed } from './transitions/status-update.ts';
import {
  executorRegistrationOver,
  executorReregistrationOver,
} from './transitions/subscribe-executor.ts';
import { leave, shutdown } from './transitions/terminate.ts';
import { updateFramework } from './transitions/update-framework.ts';

/** What an agent's actor is started with. */
export interface AgentActorOptions {
  readonly state: AgentState;
  readonly settings: AgentSettings;
  /** What is taken over before anything is heard. */
  readonly findings: Findings;
  /** Makes the ports once the actor's context exists. */
  readonly createPorts: (
    ctx: Parameters<typeof createEffectRunner>[0],
  ) => Omit<EffectPorts, 'state'>;
}

type FrameworkToExecutor = BodyOf<AgentProtocol, 'frameworkToExecutor'>;

type Transition<B> = (state: AgentState, body: B, env: Env, from: Pid) => readonly Effect[];

/** The agent. */
export const agentActor: ActorDefinition<AgentProtocol, AgentActorOptions> = defineActor(
  agentProtocol,
  (ctx, options) => {
    const { state, settings } = options;
    const ports = options.createPorts(ctx);
    const perform = createEffectRunner(ctx, { ...ports, state });
    /** Whatever ends may be the last thing that kept the agent from being drained. */
    const run = (effects: readonly Effect[]): void => {
      perform(effects);
      if (state.draining) perform(endDraining(state));
    };
    const env = (): Env => ({ nowMs: ctx.clock.nowMs(), random: ctx.random, settings });

    /** From the agent itself, its timers, disk and executors. */
    const own =
      <B>(transition: Transition<B>) =>
      (body: B, from: Pid): void =>
        run(transition(state, body, env(), from));

    /** From the master that leads, and nobody else: a deposed one must not command. */
    const master =
      <B>(transition: Transition<B>) =>
      (body: B, from: Pid): void =>
        run(
          from.toString() === state.master
            ? transition(state, body, env(), from)
            : refuseStranger(state, from),
        );

    /** From any actor of the process that leads, such as its observers. */
    const masterProcess =
      <B>(transition: Transition<B>) =>
      (body: B, from: Pid): void =>
        run(
          state.master?.endsWith(`@${from.address}`)
            ? transition(state, body, env(), from)
            : refuseStranger(state, from),
        );

    /** From the master, or from the scheduler it named for the framework: others cannot reach executors. */
    const masterOrScheduler =
      (transition: Transition<FrameworkToExecutor>) =>
      (body: FrameworkToExecutor, from: Pid): void =>
        run(
          from.toString() === state.master || isSchedulersMessage(state, body, from)
            ? transition(state, body, env(), from)
            : refuseStranger(state, from),
        );

    run(recover(state, options.findings, env()));

    return {
      receive: {
        agentRegistered: master(agentRegistered),
        agentReregistered: master(agentReregistered),
        ping: masterProcess(pinged),
        shutdown: master(shutdown),
        runTask: master(runTask),
        runTaskGroup: master(runTaskGroup),
        killTask: master(killTask),
        statusUpdateAcknowledgement: master(acknowledgeUpdate),
        shutdownFramework: master(shutdownFramework),
        shutdownExecutor: master(shutdownExecutor),
        frameworkToExecutor: masterOrScheduler(frameworkToExecutor),
        updateFramework: master(updateFramework),
        reconcileTasks: master(reconcileTasks),
        applyOperation: master(applyOperation),
        acknowledgeOperationStatus: master(acknowledgeOperation),
        reconcileOperations: master(reconcileOperations),
        checkpointResources: master(checkpointResources),
        drainAgent: master(drainAgent),

        masterDetected: own(masterDetected),
        leave: own(leave),
        look: ({ read }) => read(state),
        executorCall: (call) => {
          const { effects, verdict } = executorCall(state, call, env());
          run(effects);
          return verdict;
        },

        registrationDue: own(registrationDue),
        pingOverdue: own(pingOverdue),
        updateRetryDue: own(updateRetryDue),
        operationRetryDue: own(operationRetryDue),
        executorRegistrationOver: own(executorRegistrationOver),
        executorReregistrationOver: own(executorReregistrationOver),
        shutdownGraceOver: own(shutdownGraceOver),
        destroyOverdue: own(destroyOverdue),

        agentInfoCheckpointed: own(agentInfoCheckpointed),
        launchCheckpointed: own(launchCheckpointed),
        launchCheckpointFailed: own(launchCheckpointFailed),
        updateCheckpointed: own(updateCheckpointed),
        acknowledgementCheckpointed: own(acknowledgementCheckpointed),

        operationCheckpointed: own(operationCheckpointed),
        operationAcknowledgementCheckpointed: own(operationAcknowledgementCheckpointed),
        resourcesCheckpointed: own(resourcesCheckpointed),
        drainCheckpointed: own(drainCheckpointed),

        executorStarted: own(executorStarted),
        executorStatus: own(executorStatus),
        executorEnded: own(executorEnded),
      },
      exited: (pid) => {
        if (!ports.executors.exited(pid))
          run(masterExited(state, { master: pid.toString() }, env()));
      },
      stopping: () => {
        ports.executors.close();
        ports.writer.close();
      },
    };
  },
);

function refuseStranger(state: AgentState, from: Pid): Effect[] {
  state.counters.strangerMessages += 1;
  const fields = { from: from.toString(), master: state.master };
  return [log('warn', 'message of something that is not the master ignored', fields)];
}
