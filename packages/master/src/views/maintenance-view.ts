// The maintenance schedule, and how far machines are, as operators see them.
import {
  idRecord,
  type JsonValue,
  type MachineID,
  type maintenanceV1,
  messageJson,
  type RawJson,
  TimeInfo,
  type Unavailability,
} from '@kaon/protocol';
import type { MasterState } from '../state/master-state.ts';

type Statuses = maintenanceV1.ClusterStatus_DrainingMachine['statuses'];

/** The schedule in force; an empty one when there is none. */
export function maintenanceSchedule({ machines }: MasterState): maintenanceV1.Schedule {
  return machines.schedule ?? { windows: [] };
}

/** Machines that drain, with what frameworks said about agents there, and machines that are down. */
export function maintenanceStatus(state: MasterState): maintenanceV1.ClusterStatus {
  const statuses = statusesByMachine(state);
  const drainingMachines: maintenanceV1.ClusterStatus_DrainingMachine[] = [];
  const downMachines: MachineID[] = [];
  for (const [key, { id, mode }] of state.machines.all) {
    if (mode === 'DOWN') downMachines.push(id);
    else drainingMachines.push({ id, statuses: statuses.get(key) ?? [] });
  }
  return { drainingMachines, downMachines };
}

function statusesByMachine(state: MasterState): ReadonlyMap<string, Statuses> {
  const found = new Map<string, Statuses>();
  if (state.machines.all.size === 0) return found;
  for (const agent of state.agents.values()) {
    const answers = state.machines.answersOf(agent.id);
    if (answers.size === 0) continue;
    const statuses = [...answers].map(([frameworkId, { isAccepted, atMs }]) => ({
      status: isAccepted ? ('ACCEPT' as const) : ('DECLINE' as const),
      frameworkId: idRecord(frameworkId),
      timestamp: { nanoseconds: Math.round(atMs * 1e6) },
    }));
    found.set(agent.machineKey, [...(found.get(agent.machineKey) ?? []), ...statuses]);
  }
  return found;
}

/** The answer of `/maintenance/schedule`: its members stand in the order of their names. */
export function maintenanceScheduleJson(state: MasterState): JsonValue {
  const { windows } = maintenanceSchedule(state);
  if (windows.length === 0) return {};
  return {
    windows: windows.map(({ machineIds, unavailability }) => ({
      machine_ids: machineIds.map(machineJson),
      unavailability: unavailabilityJson(unavailability),
    })),
  };
}

/** The answer of `/maintenance/status`. */
export function maintenanceStatusJson(state: MasterState): JsonValue {
  const { drainingMachines, downMachines } = maintenanceStatus(state);
  return {
    down_machines: downMachines.length === 0 ? undefined : downMachines.map(machineJson),
    draining_machines:
      drainingMachines.length === 0
        ? undefined
        : drainingMachines.map(({ id, statuses }) => ({
            id: machineJson(id),
            statuses: statuses.length === 0 ? undefined : statuses.map(statusJson),
          })),
  };
}

function statusJson({ status, frameworkId, timestamp }: Statuses[number]): JsonValue {
  return {
    framework_id: { value: frameworkId.value },
    status,
    timestamp: nanosecondsJson(timestamp),
  };
}

function machineJson({ hostname, ip }: MachineID): JsonValue {
  return { hostname, ip };
}

function unavailabilityJson({ start, duration }: Unavailability): JsonValue {
  return { duration: duration && nanosecondsJson(duration), start: nanosecondsJson(start) };
}

function nanosecondsJson(time: TimeInfo): RawJson {
  return messageJson(TimeInfo, time);
}
