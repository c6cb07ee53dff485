// Asking the master to take the agent, and its answers.
import { AGENT_CAPABILITIES, AgentInfo, createMessage, internal } from '@kaon/protocol';
import { encodeRecord } from '../checkpoint/records.ts';
import { type Effect, log } from '../effects.ts';
import type { AgentState } from '../state/agent-state.ts';
import { scheduleRegistration } from './detect-master.ts';
import type { Env } from './env.ts';
import { resumeUpdates } from './forward-updates.ts';
import { resumeOperations } from './operation-status.ts';
import { reconcileTasks } from './reconcile-tasks.ts';
import { stopAtOnce } from './stop.ts';

/** It is time for an attempt: the first after detection, or one that follows a lost answer. */
export function registrationDue(state: AgentState, _body: unknown, env: Env): Effect[] {
  if (state.phase !== 'registering' || state.master === undefined) return [];
  // What is not on disk is not said. It soon will be.
  const isIdPending = state.agentId !== undefined && !state.isIdOnDisk;
  if (isIdPending || state.resources.writesPending > 0) return [scheduleRegistration(state, env)];
  state.registrationAttempts += 1;
  return [
    // Linked at each attempt: a link that broke meanwhile is gone.
    { kind: 'linkMaster', pid: state.master },
    state.agentId === undefined ? registration(state) : reregistration(state),
    scheduleRegistration(state, env),
  ];
}

/** The master gave the agent an id. It counts once it is on disk. */
export function agentRegistered(
  state: AgentState,
  { agentId, connection }: internal.AgentRegisteredMessage,
): Effect[] {
  if (state.phase === 'terminating') return [];
  if (state.agentId !== undefined && state.agentId !== agentId.value) {
    const message = `the master registered this agent as ${agentId.value}, but it is ${state.agentId}`;
    return stopAtOnce(state, { kind: 'fatal', message });
  }
  if (state.phase !== 'registering') return [];
  notePingPatience(state, connection);
  if (state.agentId === undefined) state.assignId(agentId.value);
  return [
    log('info', 'registered with the master', { agentId: agentId.value, master: state.master }),
    ...checkpointAgentInfo(state),
  ];
}

/** The id is on disk: the agent is part of the cluster. */
export function agentInfoCheckpointed(state: AgentState, _body: unknown, env: Env): Effect[] {
  state.isIdOnDisk = true;
  if (state.phase !== 'registering') return [];
  return becomeRunning(state, env);
}

/** The master took the agent back, and names the tasks it knows and was not told of. */
export function agentReregistered(
  state: AgentState,
  { agentId, connection, reconciliations }: internal.AgentReregisteredMessage,
  env: Env,
): Effect[] {
  if (state.phase === 'terminating') return [];
  if (state.agentId !== agentId.value) {
    const message = `the master re-registered this agent as ${agentId.value}, but it is ${state.agentId}`;
    return stopAtOnce(state, { kind: 'fatal', message });
  }
  notePingPatience(state, connection);
  const effects: Effect[] = [];
  if (state.phase === 'registering') {
    effects.push(
      log('info', 'registered again with the master', { agentId: agentId.value }),
      ...becomeRunning(state, env),
    );
  }
  for (const reconciliation of reconciliations) {
    effects.push(...reconcileTasks(state, reconciliation, env));
  }
  return effects;
}

/** The wait for the next ping of the master, started anew. */
export function expectPing(state: AgentState): Effect {
  const next = { name: 'pingOverdue', body: {} } as const;
  return { kind: 'setTimer', key: 'ping', delayMs: state.pingPatienceMs, next };
}

/** Writes the agent's info and makes it the one that the next start finds. */
export function checkpointAgentInfo(state: AgentState): Effect[] {
  const { paths } = state.identity;
  const agentId = state.agentId as string;
  const bytes = encodeRecord(AgentInfo, state.info);
  return [
    {
      kind: 'persist',
      key: 'agent',
      writes: [
        { kind: 'directory', path: paths.agentMeta(agentId), mode: 0o755 },
        { kind: 'file', path: paths.agentInfo(agentId), bytes },
        { kind: 'link', path: paths.latestAgent, target: paths.agentMeta(agentId) },
      ],
      next: { name: 'agentInfoCheckpointed', body: {} },
    },
  ];
}

function becomeRunning(state: AgentState, env: Env): Effect[] {
  state.phase = 'running';
  state.registrationAttempts = 0;
  return [
    { kind: 'cancelTimer', key: 'registration' },
    // Again, for a link that broke between the request and the answer.
    { kind: 'linkMaster', pid: state.master as string },
    expectPing(state),
    ...resumeOperations(state),
    ...resumeUpdates(state, env),
  ];
}

function notePingPatience(
  state: AgentState,
  connection: internal.MasterAgentConnection | undefined,
): void {
  const seconds = connection?.totalPingTimeoutSeconds;
  if (seconds !== undefined && seconds > 0) state.pingPatienceMs = seconds * 1000;
}

function selfDescription(state: AgentState) {
  const { checkpointed, version } = state.resources;
  return {
    agent: state.info,
    checkpointedResources: checkpointed,
    version: state.identity.version,
    agentCapabilities: AGENT_CAPABILITIES,
    ...(version && { resourceVersionUuid: { value: version } }),
  };
}

function registration(state: AgentState): Effect {
  const body = createMessage(internal.RegisterAgentMessage, {
    ...selfDescription(state),
  });
  return { kind: 'sendToMaster', name: 'registerAgent', body };
}

function reregistration(state: AgentState): Effect {
  // Of frameworks that are gone nobody must hear again, even while their last tasks are ending.
  const frameworks = [...state.frameworks.values()].filter(({ phase }) => phase === 'running');
  const body = createMessage(internal.ReregisterAgentMessage, {
    ...selfDescription(state),
    // Command executors are the agent's own business: the master never knew them.
    executorInfos: frameworks
      .flatMap(({ executors }) => [...executors.values()])
      .filter((executor) => executor.isLive && !executor.isCommand)
      .map(({ info }) => info),
    tasks: frameworks.flatMap((framework) => [...framework.tasks()].map(({ task }) => task)),
    frameworks: frameworks.map(({ info }) => info),
    completedFrameworks: [...state.completedFrameworks.values()].map(({ info }) => ({
      frameworkInfo: info,
      tasks: [],
    })),
  });
  return { kind: 'sendToMaster', name: 'reregisterAgent', body };
}
