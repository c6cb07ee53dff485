// The maintenance schedule, and machines that drain or are down for it.
import { ok } from '@kaon/primitives';
import type { MachineID, MachineInfo, maintenanceV1, Unavailability } from '@kaon/protocol';
import { type FactWrite, isFactId, put, type RegistryView, remove, SCHEDULE_ID } from './facts.ts';
import { type Operation, refuse } from './operation.ts';

/** What tells machines apart: the hostname, whatever its case, together with the address. */
export function machineKey({ hostname, ip }: MachineID): string {
  return `${(hostname ?? '').toLowerCase()}|${ip ?? ''}`;
}

/**
 * Replaces the schedule. Machines that are new in it drain, those that left it are up again. Refused when
 * it leaves out a machine that is down.
 */
export function updateSchedule(schedule: maintenanceV1.Schedule): Operation {
  const name = 'updateSchedule';
  return {
    name,
    plan(facts) {
      const scheduled = machinesOf(schedule);
      const writes: FactWrite[] = [];
      for (const [key, { id, unavailability }] of scheduled) {
        if (!isFactId(key)) return refuse(name, key, 'a machine needs a usable name');
        const mode = facts.get('machine', key)?.info.mode ?? 'DRAINING';
        const info: MachineInfo = { id, mode, unavailability };
        writes.push(put('machine', key, { info }));
      }
      for (const [key, { info }] of facts.entries('machine')) {
        if (scheduled.has(key)) continue;
        if (info.mode === 'DOWN') return refuse(name, key, `machine ${key} is down`);
        writes.push(remove('machine', key));
      }
      writes.push(put('schedule', SCHEDULE_ID, schedule));
      return ok(writes);
    },
  };
}

/** Brings machines down that drain. */
export function startMaintenance(machines: readonly MachineID[]): Operation {
  const name = 'startMaintenance';
  return {
    name,
    plan(facts) {
      const writes: FactWrite[] = [];
      for (const key of machines.map(machineKey)) {
        const machine = facts.get('machine', key);
        if (machine?.info.mode !== 'DRAINING') {
          return refuse(name, key, `machine ${key} is not draining`);
        }
        writes.push(put('machine', key, { info: { ...machine.info, mode: 'DOWN' } }));
      }
      return ok(writes);
    },
  };
}

/** Brings machines up that are down; they leave the schedule. */
export function stopMaintenance(machines: readonly MachineID[]): Operation {
  const name = 'stopMaintenance';
  return {
    name,
    plan(facts) {
      const keys = new Set(machines.map(machineKey));
      for (const key of keys) {
        if (facts.get('machine', key)?.info.mode !== 'DOWN') {
          return refuse(name, key, `machine ${key} is not down`);
        }
      }
      const removed = [...keys].map((key) => remove('machine', key));
      return ok([...removed, rescheduled(facts, keys)]);
    },
  };
}

function rescheduled(facts: RegistryView, keys: ReadonlySet<string>): FactWrite {
  const schedule = withoutMachines(facts.get('schedule', SCHEDULE_ID), keys);
  return schedule === undefined
    ? remove('schedule', SCHEDULE_ID)
    : put('schedule', SCHEDULE_ID, schedule);
}

/** The schedule without some machines and without windows that become empty; undefined when none is left. */
export function withoutMachines(
  schedule: maintenanceV1.Schedule | undefined,
  keys: ReadonlySet<string>,
): maintenanceV1.Schedule | undefined {
  const windows = (schedule?.windows ?? [])
    .map((window) => ({
      ...window,
      machineIds: window.machineIds.filter((id) => !keys.has(machineKey(id))),
    }))
    .filter(({ machineIds }) => machineIds.length > 0);
  return windows.length === 0 ? undefined : { windows };
}

/** Every machine of a schedule by its key, with its window. */
export function machinesOf(
  schedule: maintenanceV1.Schedule,
): ReadonlyMap<string, { readonly id: MachineID; readonly unavailability: Unavailability }> {
  const machines = new Map<string, { id: MachineID; unavailability: Unavailability }>();
  for (const { machineIds, unavailability } of schedule.windows) {
    for (const id of machineIds) machines.set(machineKey(id), { id, unavailability });
  }
  return machines;
}
