// Is a maintenance schedule, or a list of machines to bring down or up, in order? The sentences are Mesos'.
import { encodeJson, MachineID, type maintenanceV1 } from '@kaon/protocol';
import { machineKey } from '@kaon/registry';
import { MACHINES_MAX } from '../constants.ts';
import type { Machines } from '../state/machines.ts';
import type { Problem } from './check.ts';

/** A schedule that may replace the present one. */
export function scheduleProblem(schedule: maintenanceV1.Schedule, machines: Machines): Problem {
  const seen = new Set<string>();
  for (const { machineIds, unavailability } of schedule.windows) {
    if (machineIds.length === 0) return 'List of machines in the maintenance window is empty';
    if ((unavailability.duration?.nanoseconds ?? 0) < 0) {
      return "Unavailability 'duration' is negative";
    }
    const problem = idsProblem(machineIds, seen);
    if (problem !== undefined) return problem;
  }
  for (const [key, { id, mode }] of machines.all) {
    if (mode === 'DOWN' && !seen.has(key)) {
      return `Machine '${machineJson(id)}' is deactivated and cannot be removed from the schedule`;
    }
  }
  return undefined;
}

/** Machines to bring down (`DRAINING` so far) or up (`DOWN` so far). */
export function modeChangeProblem(
  ids: readonly MachineID[],
  from: 'DRAINING' | 'DOWN',
  machines: Machines,
): Problem {
  if (ids.length === 0) return 'List of machines is empty';
  const problem = idsProblem(ids, new Set());
  if (problem !== undefined) return problem;
  for (const id of ids) {
    const machine = machines.get(id);
    if (machine?.mode === from) continue;
    if (machine === undefined && !machines.isKnown(id)) {
      return `Machine '${machineJson(id)}' is not part of a maintenance schedule`;
    }
    const verb = from === 'DOWN' ? 'up' : 'down';
    return `Machine '${machineJson(id)}' is not in ${from} mode and cannot be brought ${verb}`;
  }
  return undefined;
}

/** `{"hostname":"h","ip":"1.2.3.4"}`. */
function machineJson(id: MachineID): string {
  return encodeJson(MachineID, id);
}

function idsProblem(ids: readonly MachineID[], seen: Set<string>): Problem {
  for (const id of ids) {
    const { hostname = '', ip = '' } = id;
    if (hostname === '' && ip === '') return "Both 'hostname' and 'ip' for a machine are empty";
    if (ip !== '' && !isIpv4(ip)) return `Failed to parse IPv4: ${ip}`;
    if (hostname.length > HOSTNAME_CHARS_MAX || /\p{Cc}/u.test(hostname)) {
      return `Machine '${machineJson(id).slice(0, 300)}' has an illegal 'hostname'`;
    }
    const key = machineKey(id);
    if (seen.has(key)) {
      return `Machine '${machineJson(id)}' appears more than once in the schedule`;
    }
    if (seen.size >= MACHINES_MAX) return `More than ${MACHINES_MAX} machines`;
    seen.add(key);
  }
  return undefined;
}

const HOSTNAME_CHARS_MAX = 255;

function isIpv4(text: string): boolean {
  const parts = text.split('.');
  return parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256);
}
