// Resources as operators write them: `cpus:2;mem:1024;ports(web):[31000-32000]` or a JSON array.
import { err, ok, type Result } from '@kaon/primitives';
import { createMessage, decodeJsonValue, parseJson, Resource } from '@kaon/protocol';
import { type ParsedValue, parseValue } from './parse-value.ts';
import { Resources } from './resources.ts';
import { validateResource, validateResources } from './validate.ts';

const NO_ROLE = '*';

/**
 * Parses resources from text. `name(role):value` is a static reservation; without a role
 * `defaultRole` holds (default: `*`, for no one). Entries that agree are merged, empty ones dropped.
 */
export function parseResources(text: string, defaultRole = NO_ROLE): Result<Resources, string> {
  const records = parseResourceRecords(text, defaultRole);
  return records.ok ? ok(Resources.of(records.value)) : records;
}

/** Like `parseResources`, one record per entry as written, in the form with a stack of reservations. */
export function parseResourceRecords(
  text: string,
  defaultRole = NO_ROLE,
): Result<readonly Resource[], string> {
  const json = parseJson(text);
  const records =
    json.ok && Array.isArray(json.value)
      ? fromJson(json.value, defaultRole)
      : fromText(text, defaultRole);
  if (!records.ok) return records;
  const valid = validateResources(records.value);
  return valid.ok ? records : valid;
}

function fromJson(
  list: readonly unknown[],
  defaultRole: string,
): Result<readonly Resource[], string> {
  const records: Resource[] = [];
  for (const value of list) {
    const record = decodeJsonValue(Resource, value);
    if (!record.ok) return err(record.error.message);
    records.push(reservedByDefault(record.value, defaultRole));
  }
  return ok(records);
}

/** Mesos reads a resource that names no role as one of the default role. */
function reservedByDefault(record: Resource, role: string): Resource {
  const isSaid = record.role !== undefined || record.reservations.length > 0;
  return isSaid || role === NO_ROLE
    ? record
    : { ...record, reservations: [{ type: 'STATIC', role }] };
}

function fromText(text: string, defaultRole: string): Result<readonly Resource[], string> {
  const records: Resource[] = [];
  for (const token of text.split(';')) {
    if (token.trim() === '') continue;
    const record = parseToken(token, defaultRole);
    if (!record.ok) return record;
    const valid = validateResource(record.value);
    if (!valid.ok) return valid;
    records.push(record.value);
  }
  return ok(records);
}

function parseToken(token: string, defaultRole: string): Result<Resource, string> {
  const pair = token.split(':').filter((part) => part !== '');
  const [label, value] = pair;
  if (label === undefined || value === undefined || pair.length !== 2) {
    return err(`Bad value for resources, missing or extra ':' in ${token}`);
  }
  const open = label.indexOf('(');
  const close = label.indexOf(')');
  if (open === -1) return resourceOf(label.trim(), value, defaultRole);
  if (close < open) return err(`Bad value for resources, mismatched parentheses in ${token}`);
  return resourceOf(label.slice(0, open).trim(), value, label.slice(open + 1, close).trim());
}

/** The record for `name:value`, reserved statically unless `role` is `*`. */
function resourceOf(name: string, text: string, role: string): Result<Resource, string> {
  const value = parseValue(text);
  if (!value.ok) {
    return err(`Failed to parse resource ${name} value ${text} error ${value.error}`);
  }
  const fields = fieldsOf(value.value);
  if (fields === undefined) {
    return err(`Bad type for resource ${name} value ${text} type TEXT`);
  }
  const reservations = role === NO_ROLE ? [] : [{ type: 'STATIC', role } as const];
  return ok(createMessage(Resource, { name, ...fields, reservations }));
}

function fieldsOf(
  value: ParsedValue,
): Pick<Resource, 'type' | 'scalar' | 'ranges' | 'set'> | undefined {
  switch (value.kind) {
    case 'scalar':
      return { type: 'SCALAR', scalar: { value: value.value } };
    case 'ranges':
      return { type: 'RANGES', ranges: { range: value.ranges } };
    case 'set':
      return { type: 'SET', set: { item: value.items } };
    case 'text':
      return undefined;
  }
}
