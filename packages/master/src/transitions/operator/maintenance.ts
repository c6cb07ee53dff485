// An operator schedules maintenance, brings machines down for it, and up again.
import {
  removeAgent as removeInRegistry,
  startMaintenance,
  stopMaintenance,
  updateSchedule,
} from '@kaon/registry';
import { answer, type Effect, log, persistChange, tellAllocator, toAgent } from '../../effects.ts';
import type { OperatorChange, ReplyId } from '../../operator-change.ts';
import type { Agent } from '../../state/agent.ts';
import type { MasterState } from '../../state/master-state.ts';
import { modeChangeProblem, scheduleProblem } from '../../validation/maintenance.ts';
import { rescindOffers } from '../rescind-offers.ts';
import { rescindInverseOffers, windowOf } from './inverse-offers.ts';

type UpdateSchedule = Extract<OperatorChange, { readonly kind: 'updateSchedule' }>;
type ChangeMachines = Extract<
  OperatorChange,
  { readonly kind: 'startMaintenance' | 'stopMaintenance' }
>;

const DOWN_REASON = "Operator initiated 'Machine DOWN'";

/** Has a schedule made durable that may replace the present one. */
export function beginUpdateSchedule(
  state: MasterState,
  change: UpdateSchedule,
  reply: ReplyId,
): readonly Effect[] {
  const problem = scheduleProblem(change.schedule, state.machines);
  if (problem !== undefined) return answer(reply, 400, problem);
  return [persistChange(updateSchedule(change.schedule), change, reply)];
}

/** Has machines brought down that drain, or up that are down. */
export function beginChangeMachines(
  state: MasterState,
  change: ChangeMachines,
  reply: ReplyId,
): readonly Effect[] {
  const isDown = change.kind === 'startMaintenance';
  const problem = modeChangeProblem(change.machines, isDown ? 'DRAINING' : 'DOWN', state.machines);
  if (problem !== undefined) return answer(reply, 400, problem);
  const operation = isDown ? startMaintenance(change.machines) : stopMaintenance(change.machines);
  return [persistChange(operation, change, reply)];
}

/** A schedule is durable: offers of agents it concerns are made anew, with the window. */
export function scheduleUpdated(
  state: MasterState,
  { schedule }: UpdateSchedule,
  reply: ReplyId | undefined,
): readonly Effect[] {
  const touched = state.machines.reschedule(schedule);
  return [
    ...agentsOn(state, touched).flatMap((agent) => [
      ...rescindOffers(state, state.offersOf(agent)),
      ...rescindInverseOffers(state, state.inverseOffers.of(agent.id)),
      announceWindow(state, agent),
    ]),
    log('info', 'maintenance schedule updated', { machines: state.machines.all.size }),
    ...answer(reply, 200),
  ];
}

/** Machines are down by the registry: what lives on them is shut down, and lost without waiting for it. */
export function maintenanceStarted(
  state: MasterState,
  { machines }: ChangeMachines,
  reply: ReplyId | undefined,
): readonly Effect[] {
  state.machines.bringDown(machines);
  const agents = [...state.agents.values()];
  return [
    ...agents.flatMap((agent) => shutDownIfDown(state, agent)),
    log('info', 'machines brought down', { machines: machines.length }),
    ...answer(reply, 200),
  ];
}

/** Machines are up by the registry, and out of the schedule. */
export function maintenanceStopped(
  state: MasterState,
  { machines }: ChangeMachines,
  reply: ReplyId | undefined,
): readonly Effect[] {
  state.machines.bringUp(machines);
  const counted = log('info', 'machines brought up', { machines: machines.length });
  return [counted, ...answer(reply, 200)];
}

/** Shuts an agent down and takes it off the books when its machine is down; otherwise nothing. */
export function shutDownIfDown(state: MasterState, agent: Agent): readonly Effect[] {
  if (state.machines.of(agent)?.mode !== 'DOWN') return [];
  const { id: agentId, pid } = agent;
  const shutdown = toAgent(pid, 'shutdown', { message: DOWN_REASON });
  // Whatever is being written about it, the transition after looks at the machine again.
  if (!state.admissions.beginChange(agentId, 'removing')) return [shutdown];
  const loss = { agentId, reason: DOWN_REASON, counter: undefined };
  const next = { kind: 'agentRemoved', loss, successor: undefined } as const;
  return [shutdown, { kind: 'persist', operation: removeInRegistry(agentId), next }];
}

/** Tells the allocator of an agent's window, or that it has none any more. */
export function announceWindow(state: MasterState, agent: Agent): Effect {
  const unavailability = state.machines.of(agent)?.unavailability;
  return tellAllocator({
    kind: 'updateUnavailability',
    agentId: agent.id,
    unavailability: unavailability && windowOf(unavailability),
  });
}

function agentsOn(state: MasterState, machines: ReadonlySet<string>): readonly Agent[] {
  const found = [...state.agents.values()].filter(({ machineKey }) => machines.has(machineKey));
  // What frameworks said about the former window says nothing about the new one.
  for (const { id } of found) state.machines.forgetAgent(id);
  return found;
}
