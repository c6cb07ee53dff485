// Resources as the older endpoints show them: amounts by name, and records with role and reservation.
import { type JsonValue, jsonDouble, messageJson, Resource } from '@kaon/protocol';
import { formatRanges, fromMilli, type Resources, toEndpointForm } from '@kaon/resources';

/** Kinds that are shown even when there are none, in Mesos' order. */
const ALWAYS_SHOWN = ['disk', 'mem', 'gpus', 'cpus'] as const;

/** `{"disk":0.0,"mem":32.0,"gpus":0.0,"cpus":0.1,"ports":"[31000-31001]"}` */
export function amountsJson(resources: Resources): JsonValue {
  const amounts = new Map<string, JsonValue>();
  for (const name of ALWAYS_SHOWN) amounts.set(name, scalarJson(resources, name));
  const sets = new Map<string, string[]>();
  for (const { name, type, set } of resources.toRecords()) {
    if (type === 'SCALAR') amounts.set(name, scalarJson(resources, name));
    else if (type === 'RANGES') amounts.set(name, formatRanges(resources.ranges(name)));
    else sets.set(name, [...(sets.get(name) ?? []), ...(set?.item ?? [])]);
  }
  for (const [name, items] of sets) amounts.set(name, `{${items.join(', ')}}`);
  return amounts;
}

/** Amounts by name of what is worth a quota: `{"cpus":0.3,"mem":128.0,"ports":3.0}`, sorted. */
export function quantitiesJson(resources: Resources): JsonValue {
  const sorted = [...resources.quantities()].sort(([left], [right]) => (left < right ? -1 : 1));
  return new Map(sorted.map(([name, milli]) => [name, jsonDouble(fromMilli(milli))]));
}

/** Amounts of what is reserved, by role. */
export function reservedAmountsJson(resources: Resources): JsonValue {
  return new Map(
    [...resources.reservations()].map(([role, reserved]) => [role, amountsJson(reserved)]),
  );
}

/** The records of what is reserved, by role. */
export function reservedRecordsJson(resources: Resources): JsonValue {
  return new Map(
    [...resources.reservations()].map(([role, reserved]) => [role, recordsJson(reserved)]),
  );
}

/** Resource records, with role and reservation as older clients know them. */
export function recordsJson(resources: Resources): JsonValue {
  return resources.toRecords().map((record) => messageJson(Resource, toEndpointForm(record)));
}

function scalarJson(resources: Resources, name: string): JsonValue {
  return jsonDouble(fromMilli(resources.scalarMilli(name)));
}
