// May this framework subscribe, or change in this way? The sentences are Mesos'.
import { CONSTRAINT_LIMITS, compileOfferConstraints } from '@kaon/allocator';
import type { Result } from '@kaon/primitives';
import {
  type FrameworkInfo,
  hasCapability,
  rolesOf,
  type schedulerV1,
  validateId,
  validateRole,
} from '@kaon/protocol';
import type { Framework } from '../state/framework.ts';
import { type Check, firstProblem, type Problem, problemOf, resultOf } from './check.ts';

/** A duration of more seconds than this does not fit Mesos' nanoseconds. */
const DURATION_SECONDS_MAX = 9_223_372_036;

/** Checks a subscription; `known` is the framework that it continues, if any. */
export function validateSubscription(
  subscribe: schedulerV1.Call_Subscribe,
  known: Framework | undefined,
  limits = CONSTRAINT_LIMITS,
): Result<void, string> {
  const { frameworkInfo, suppressedRoles, offerConstraints } = subscribe;
  return resultOf(
    firstProblem(FRAMEWORK_CHECKS, frameworkInfo) ??
      suppressedRolesAreSubscribed(frameworkInfo, suppressedRoles) ??
      constraintsProblem(frameworkInfo, offerConstraints, limits) ??
      principalStays(frameworkInfo, known),
  );
}

/** Checks what a subscribed framework wants to be from now on. */
export function validateFrameworkUpdate(
  { frameworkInfo, suppressedRoles, offerConstraints }: schedulerV1.Call_UpdateFramework,
  { info }: Framework,
  limits = CONSTRAINT_LIMITS,
): Result<void, string> {
  const invalid = firstProblem(FRAMEWORK_CHECKS, frameworkInfo);
  if (invalid !== undefined) return resultOf(`Supplied FrameworkInfo is not valid: ${invalid}`);
  const unsupported = fixedFieldsStay(info, frameworkInfo);
  if (unsupported !== undefined) {
    return resultOf(`FrameworkInfo update is not valid: ${unsupported}`);
  }
  const unsuitable = constraintsProblem(frameworkInfo, offerConstraints, limits);
  return resultOf(
    suppressedRolesAreSubscribed(frameworkInfo, suppressedRoles) ??
      (unsuitable && `'UpdateFramework' call is not valid: ${unsuitable}`),
  );
}

type FrameworkCheck = Check<readonly [FrameworkInfo]>;

const rolesFitCapability: FrameworkCheck = (info) => {
  const isMultiRole = hasCapability(info, 'MULTI_ROLE');
  if (isMultiRole && info.role !== undefined) {
    return "'FrameworkInfo.role' must not be set when the framework is MULTI_ROLE capable";
  }
  if (!isMultiRole && info.roles.length > 0) {
    return "'FrameworkInfo.roles' must not be set when the framework is not MULTI_ROLE capable";
  }
  return undefined;
};

const rolesAreUnique: FrameworkCheck = ({ roles }) => {
  const twice = new Set(roles.filter((role, index) => roles.indexOf(role) !== index));
  return twice.size === 0
    ? undefined
    : `'FrameworkInfo.roles' contains duplicate items: ${listed(twice)}`;
};

const rolesAreLegal: FrameworkCheck = ({ role, roles }) => {
  for (const one of roles) {
    const problem = problemOf(validateRole(one));
    if (problem !== undefined) return `'FrameworkInfo.roles' contains invalid role: ${problem}`;
  }
  const problem = role === undefined ? undefined : problemOf(validateRole(role));
  return problem === undefined ? undefined : `'FrameworkInfo.role' is not a valid role: ${problem}`;
};

const idIsLegal: FrameworkCheck = ({ id }) =>
  id === undefined || id.value === '' ? undefined : problemOf(validateId(id.value));

const offerFiltersFitRoles: FrameworkCheck = (info) => {
  const roles = rolesOf(info);
  for (const [role, { minAllocatableResources }] of Object.entries(info.offerFilters)) {
    if (!roles.includes(role)) {
      return `'FrameworkInfo.offer_filters' contains invalid role '${role}'`;
    }
    if (minAllocatableResources?.quantities.length === 0) {
      return `Invalid offer filters for role '${role}': no quantities of minimum allocatable resources`;
    }
    for (const { quantities } of minAllocatableResources?.quantities ?? []) {
      const problem = quantitiesProblem(quantities);
      if (problem !== undefined) return problem;
    }
  }
  return undefined;
};

function quantitiesProblem(quantities: Readonly<Record<string, { value: number }>>): Problem {
  const entries = Object.entries(quantities);
  if (entries.length === 0) return 'Resource quantities must contain at least one quantity';
  for (const [name, { value }] of entries) {
    const unsupported = Number.isNaN(value)
      ? 'NaN'
      : value < 0
        ? 'Negative values'
        : Number.isFinite(value)
          ? undefined
          : 'Infinite values';
    if (unsupported !== undefined) {
      return `Invalid resource quantity for '${name}': ${unsupported} not supported`;
    }
  }
  return undefined;
}

const failoverTimeoutIsDuration: FrameworkCheck = ({ failoverTimeout = 0 }) =>
  Math.abs(failoverTimeout) <= DURATION_SECONDS_MAX
    ? undefined
    : `The framework failover_timeout (${shortNumber(failoverTimeout)}) is invalid`;

const FRAMEWORK_CHECKS: readonly FrameworkCheck[] = [
  rolesFitCapability,
  rolesAreUnique,
  rolesAreLegal,
  idIsLegal,
  offerFiltersFitRoles,
  failoverTimeoutIsDuration,
];

function suppressedRolesAreSubscribed(
  info: FrameworkInfo,
  suppressedRoles: readonly string[],
): Problem {
  const roles = new Set(rolesOf(info));
  const foreign = suppressedRoles.filter((role) => !roles.has(role));
  return foreign.length === 0
    ? undefined
    : `Suppressed roles ${listed(new Set(foreign))} are not contained in the set of roles`;
}

function constraintsProblem(
  info: FrameworkInfo,
  constraints: schedulerV1.OfferConstraints | undefined,
  limits: typeof CONSTRAINT_LIMITS,
): Problem {
  if (constraints === undefined) return undefined;
  const roles = rolesOf(info);
  const foreign = Object.keys(constraints.roleConstraints).find((role) => !roles.includes(role));
  if (foreign !== undefined) {
    return `Offer constraints specify \`role_constraints\` for a role '${foreign}' not contained in the set of roles`;
  }
  const compiled = compileOfferConstraints(constraints, limits);
  return compiled.ok ? undefined : `Offer constraints are not valid: ${compiled.error.message}`;
}

function principalStays(info: FrameworkInfo, known: Framework | undefined): Problem {
  return known === undefined || known.info.principal === info.principal
    ? undefined
    : "Changing framework's principal is not allowed.";
}

function fixedFieldsStay(before: FrameworkInfo, after: FrameworkInfo): Problem {
  const fields = [
    ['principal', before.principal ?? '', after.principal ?? ''],
    ['user', before.user, after.user],
    ['checkpoint', String(before.checkpoint ?? false), String(after.checkpoint ?? false)],
  ] as const;
  const changed = fields.find(([, from, to]) => from !== to);
  if (changed === undefined) return undefined;
  const [field, from, to] = changed;
  return `Updating 'FrameworkInfo.${field}' is unsupported; attempted to update from '${from}' to '${to}'`;
}

function listed(items: ReadonlySet<string>): string {
  return `{ ${[...items].sort().join(', ')} }`;
}

/** Six significant digits, as C++ streams print a double: `1e+20`, `0.5`. */
function shortNumber(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf';
  const exponent = value === 0 ? 0 : Math.floor(Math.log10(Math.abs(value)));
  if (exponent >= -4 && exponent < 6) return String(Number(value.toPrecision(6)));
  const [mantissa = '', power = ''] = value.toExponential(5).split('e');
  const digits = power.slice(1).padStart(2, '0');
  return `${Number(mantissa)}e${power.slice(0, 1)}${digits}`;
}
