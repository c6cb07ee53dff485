// Resources as the older endpoints show them: amounts by name.
import { type JsonValue, jsonDouble, messageJson, Resource } from '@kaon/protocol';
import { formatRanges, isUnreserved, reservationRole, toEndpointForm } from '@kaon/resources';

/** Kinds that are shown even when there are none, in Mesos' order. */
const ALWAYS_SHOWN = ['disk', 'mem', 'gpus', 'cpus'] as const;

/** `{"disk":0.0,"mem":32.0,"gpus":0.0,"cpus":0.1,"ports":"[31000-31001]"}` */
export function amountsJson(resources: Iterable<Resource>): JsonValue {
  const amounts: Record<string, JsonValue> = {};
  const milli = new Map<string, number>(ALWAYS_SHOWN.map((name) => [name, 0]));
  const ranges = new Map<string, { begin: number; end: number }[]>();
  const items = new Map<string, string[]>();
  for (const resource of resources) {
    const { name } = resource;
    if (resource.scalar) {
      milli.set(name, (milli.get(name) ?? 0) + Math.round(resource.scalar.value * 1000));
    } else if (resource.ranges) {
      ranges.set(name, [...(ranges.get(name) ?? []), ...resource.ranges.range]);
    } else if (resource.set) {
      items.set(name, [...(items.get(name) ?? []), ...resource.set.item]);
    }
  }
  for (const [name, amount] of milli) amounts[name] = jsonDouble(amount / 1000);
  for (const [name, list] of ranges) {
    amounts[name] = formatRanges(list.sort((left, right) => left.begin - right.begin));
  }
  for (const [name, list] of items) amounts[name] = `{${list.join(', ')}}`;
  return amounts;
}

/** Amounts of what is reserved, by role. */
export function reservedAmountsJson(resources: readonly Resource[]): JsonValue {
  const byRole: Record<string, JsonValue> = {};
  for (const [role, reserved] of reservedByRole(resources)) byRole[role] = amountsJson(reserved);
  return byRole;
}

/** The records of what is reserved, by role. */
export function reservedRecordsJson(resources: readonly Resource[]): JsonValue {
  const byRole: Record<string, JsonValue> = {};
  for (const [role, reserved] of reservedByRole(resources)) byRole[role] = recordsJson(reserved);
  return byRole;
}

/** Resource records, with role and reservation as older clients know them. */
export function recordsJson(resources: readonly Resource[]): JsonValue {
  return resources.map((resource) => messageJson(Resource, toEndpointForm(resource)));
}

/** What is not reserved. */
export function unreservedOf(resources: Iterable<Resource>): Resource[] {
  return [...resources].filter(isUnreserved);
}

function reservedByRole(resources: readonly Resource[]): ReadonlyMap<string, Resource[]> {
  const byRole = new Map<string, Resource[]>();
  for (const resource of resources) {
    const role = reservationRole(resource);
    if (role === undefined || isUnreserved(resource)) continue;
    byRole.set(role, [...(byRole.get(role) ?? []), resource]);
  }
  return byRole;
}
