// Is a resource record well formed? The sentences are Mesos'.
import { err, ok, type Result } from '@kaon/primitives';
import {
  isStrictSubrole,
  type Resource,
  type Resource_ReservationInfo,
  type Value_Range,
  validateRole,
} from '@kaon/protocol';
import { formatResource } from './format.ts';
import { toPostRefinement } from './refinement.ts';

/**
 * Checks a list that came from outside, in any of the wire forms. The error names the resource:
 * `Resource 'cpus:-1' is invalid: Invalid scalar resource: value <= 0`.
 */
export function validateResources(resources: readonly Resource[]): Result<void, string> {
  for (const resource of resources) {
    const problem = resourceProblem(resource);
    if (problem !== undefined) {
      return err(`Resource '${formatResource(toPostRefinement(resource))}' is invalid: ${problem}`);
    }
  }
  return ok(undefined);
}

/** Checks one record; the error does not name it. */
export function validateResource(resource: Resource): Result<void, string> {
  const problem = resourceProblem(resource);
  return problem === undefined ? ok(undefined) : err(problem);
}

function resourceProblem(resource: Resource): string | undefined {
  if (resource.name === '') return 'Empty resource name';
  return (
    valueProblem(resource) ??
    diskProblem(resource) ??
    reservationProblem(resource) ??
    sharingProblem(resource)
  );
}

function valueProblem({ type, scalar, ranges, set }: Resource): string | undefined {
  switch (type) {
    case 'SCALAR':
      if (scalar === undefined || ranges !== undefined || set !== undefined) {
        return 'Invalid scalar resource';
      }
      if (!Number.isFinite(scalar.value)) return 'Invalid scalar resource: value is not finite';
      // Zero passes and counts as nothing, whatever the sentence says.
      return scalar.value < 0 ? 'Invalid scalar resource: value <= 0' : undefined;
    case 'RANGES':
      if (scalar !== undefined || ranges === undefined || set !== undefined) {
        return 'Invalid ranges resource';
      }
      return rangesProblem(ranges.range);
    case 'SET':
      if (scalar !== undefined || ranges !== undefined || set === undefined) {
        return 'Invalid set resource';
      }
      return new Set(set.item).size === set.item.length
        ? undefined
        : 'Invalid set resource: duplicated elements';
    default:
      return 'Unsupported resource type';
  }
}

function rangesProblem(ranges: readonly Value_Range[]): string | undefined {
  if (ranges.some(({ begin, end }) => begin > end)) return 'Invalid ranges resource: begin > end';
  const sorted = [...ranges].sort((a, b) => a.begin - b.begin);
  const overlaps = sorted.some(({ begin }, index) => begin <= (sorted[index - 1]?.end ?? -1));
  return overlaps ? 'Invalid ranges resource: overlapping ranges' : undefined;
}

function diskProblem({ name, disk }: Resource): string | undefined {
  if (disk === undefined) return undefined;
  if (name !== 'disk') return `DiskInfo should not be set for ${name} resource`;
  const { source } = disk;
  if (source?.type === 'PATH' && source.mount !== undefined) {
    return "DiskInfo::Source 'mount' should not be set for a 'PATH' source";
  }
  if (source?.type === 'MOUNT' && source.path !== undefined) {
    return "DiskInfo::Source 'path' should not be set for a 'MOUNT' source";
  }
  return source?.type === 'UNKNOWN' ? "Unsupported 'DiskInfo.Source.Type'" : undefined;
}

function reservationProblem(resource: Resource): string | undefined {
  const { role, reservation, reservations } = resource;
  if (reservations.length > 0) {
    // Both forms together are what the operator endpoints print, so they may come back.
    return stackProblem(reservations);
  }
  if (role !== undefined) {
    const valid = validateRole(role);
    if (!valid.ok) return valid.error;
  }
  if (reservation !== undefined && (role === undefined || role === '*')) {
    return 'Invalid reservation: role "*" cannot be dynamically reserved';
  }
  return undefined;
}

function stackProblem(stack: readonly Resource_ReservationInfo[]): string | undefined {
  for (const [index, { type, role }] of stack.entries()) {
    if (type === undefined || type === 'UNKNOWN') {
      return "Invalid reservation: 'Resource.ReservationInfo.type' field must be set.";
    }
    if (role === undefined) {
      return "Invalid reservation: 'Resource.ReservationInfo.role' field must be set.";
    }
    const valid = validateRole(role);
    if (!valid.ok) return `Invalid reservation role: ${valid.error}`;
    if (role === '*') return 'Invalid reservation: role "*" cannot be reserved';
    const below = stack[index - 1]?.role;
    if (below === undefined) continue;
    if (type === 'STATIC') {
      return 'Invalid refined reservation: A refined reservation cannot be STATIC';
    }
    if (!isStrictSubrole(role, below)) {
      return `Invalid refined reservation: role '${role}' is not a refinement of '${below}'`;
    }
  }
  return undefined;
}

function sharingProblem({ name, disk, shared }: Resource): string | undefined {
  if (shared === undefined) return undefined;
  if (name !== 'disk') return `Resource ${name} cannot be shared`;
  return disk?.persistence === undefined ? 'Only persistent volumes can be shared' : undefined;
}
