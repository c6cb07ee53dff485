// Does a quota make sense by itself, and next to the cluster? The sentences are Mesos'.
import { type quotaV1, type Value_Scalar, validateRole } from '@kaon/protocol';
import {
  formatMilli,
  formatQuantities,
  type Quantities,
  quantitiesContain,
  toMilli,
  validateResources,
} from '@kaon/resources';
import { type Problem, problemOf } from './check.ts';

type Scalars = Readonly<Record<string, Value_Scalar>>;

const EXABYTE_MB = 1024 ** 4;
const TRILLION = 1e12;

/** What the cluster has, what its roles consume, and the quotas so far. */
export interface QuotaSurroundings {
  /** Thousandths by name of all registered agents, what can be revoked left out. */
  readonly capacity: Quantities;
  /** Thousandths by name, by top-level role. */
  readonly consumed: ReadonlyMap<string, Quantities>;
  readonly quotas: ReadonlyMap<string, quotaV1.QuotaConfig>;
}

/** What is wrong with an update of quotas; with `force` only the quotas themselves are looked at. */
export function quotaUpdateProblem(
  configs: readonly quotaV1.QuotaConfig[],
  { capacity, consumed, quotas }: QuotaSurroundings,
  force: boolean,
): Problem {
  for (const config of configs) {
    if (config.role.includes('/')) {
      return `Updating quota on nested role '${config.role}' is not supported yet`;
    }
    const problem = configProblem(config);
    if (problem !== undefined) return `Invalid QuotaConfig: ${problem}`;
  }
  if (force) return undefined;
  for (const { role, limits } of configs) {
    const taken = consumed.get(role) ?? new Map<string, number>();
    if (isWithin(taken, limits)) continue;
    return `Invalid QuotaConfig: Role '${role}' is already consuming '${formatQuantities(taken)}'; this is more than the requested limits '${formatQuantities(quantitiesOf(limits))}' (use 'force' flag to bypass this check)`;
  }
  const total = totalGuarantees(quotas, configs);
  if (quantitiesContain(capacity, total)) return undefined;
  return `Invalid QuotaConfig: total quota guarantees '${formatQuantities(total)}' exceed cluster capacity '${formatQuantities(capacity)}' (use 'force' flag to bypass this check)`;
}

/** What is wrong with a first quota, the deprecated way. */
export function quotaRequestProblem(
  { role, guarantee }: quotaV1.QuotaRequest,
  quotas: QuotaSurroundings['quotas'],
): Problem {
  const illegal = problemOf(validateResources(guarantee));
  if (illegal !== undefined) {
    return `Failed to validate set quota request: QuotaInfo with invalid resource: ${illegal}`;
  }
  const problem = requestProblem(role, guarantee);
  if (problem !== undefined) return `Failed to validate set quota request: ${problem}`;
  if (role !== undefined && quotas.has(role)) {
    return `Failed to validate set quota request: Cannot set quota for role '${role}' which already has quota`;
  }
  if (role?.includes('/')) return `Setting quota on nested role '${role}' is not supported yet`;
  return undefined;
}

/** Whether the guarantees of a first quota exceed the cluster. */
export function overcommitProblem(
  config: quotaV1.QuotaConfig,
  { capacity, quotas }: QuotaSurroundings,
): Problem {
  const total = totalGuarantees(quotas, [config]);
  if (quantitiesContain(capacity, total)) return undefined;
  return `Quota guarantees overcommit the cluster (use 'force' to bypass this check): Total quota guarantees '${formatQuantities(total)}' exceed cluster capacity '${formatQuantities(capacity)}'`;
}

/** Thousandths by name. */
export function quantitiesOf(scalars: Scalars): Map<string, number> {
  return new Map(Object.entries(scalars).map(([name, { value }]) => [name, toMilli(value)]));
}

/** Whether limits leave room for `quantities`; names without a limit are free. */
export function isWithin(quantities: Quantities, limits: Scalars): boolean {
  for (const [name, milli] of quantitiesOf(limits)) {
    if ((quantities.get(name) ?? 0) > milli) return false;
  }
  return true;
}

function configProblem({ role, guarantees, limits }: quotaV1.QuotaConfig): Problem {
  const roleProblem = problemOf(validateRole(role));
  if (roleProblem !== undefined) return `Invalid 'QuotaConfig.role': ${roleProblem}`;
  const sized = [
    ['guarantees', guarantees],
    ['limits', limits],
  ] as const;
  for (const [field, scalars] of sized) {
    const problem = sizeProblem(scalars);
    if (problem !== undefined) return `Invalid 'QuotaConfig.${field}': ${problem}`;
  }
  for (const [field, scalars] of sized) {
    for (const [name, { value }] of Object.entries(scalars)) {
      const problem = scalarProblem(value);
      if (problem === undefined) continue;
      return `Invalid ${field.slice(0, -1)} configuration {'${name}': ${value}}: ${problem}`;
    }
  }
  if (isWithin(quantitiesOf(guarantees), limits)) return undefined;
  return `'QuotaConfig.guarantees' ${formatScalars(guarantees)} is not contained within the 'QuotaConfig.limits' ${formatScalars(limits)}`;
}

function sizeProblem(scalars: Scalars): Problem {
  for (const [name, { value }] of Object.entries(scalars)) {
    const isMegabytes = name === 'mem' || name === 'disk';
    const [valueMax, words] = isMegabytes ? [EXABYTE_MB, '1 exabyte'] : [TRILLION, '1 trillion'];
    if (!Number.isFinite(value) || value <= valueMax) continue;
    return `{'${name}': ${value}} is invalid: values greater than ${words} (${valueMax}) are not supported`;
  }
  return undefined;
}

function scalarProblem(value: number): Problem {
  if (Number.isNaN(value)) return 'NaN not supported';
  if (!Number.isFinite(value)) return 'Infinite values not supported';
  return value < 0 ? 'Negative values not supported' : undefined;
}

function requestProblem(
  role: string | undefined,
  guarantee: quotaV1.QuotaRequest['guarantee'],
): Problem {
  if (role === undefined) return 'QuotaInfo must specify a role';
  const roleProblem = problemOf(validateRole(role));
  if (roleProblem !== undefined) return `QuotaInfo with invalid role: ${roleProblem}`;
  if (guarantee.length === 0) return "QuotaInfo with empty 'guarantee'";
  const names = new Set<string>();
  for (const { name, type, reservations, disk, revocable } of guarantee) {
    if (reservations.length > 0) return 'QuotaInfo must not contain any ReservationInfo';
    if (disk !== undefined) return 'QuotaInfo must not contain DiskInfo';
    if (revocable !== undefined) return 'QuotaInfo must not contain RevocableInfo';
    if (type !== 'SCALAR') return 'QuotaInfo must not include non-scalar resources';
    if (names.has(name)) return `QuotaInfo contains duplicate resource name '${name}'`;
    names.add(name);
  }
  return undefined;
}

function totalGuarantees(
  quotas: QuotaSurroundings['quotas'],
  configs: readonly quotaV1.QuotaConfig[],
): Quantities {
  const after = new Map([...quotas, ...configs.map((config) => [config.role, config] as const)]);
  const total = new Map<string, number>();
  for (const { guarantees } of after.values()) {
    for (const [name, milli] of quantitiesOf(guarantees)) {
      if (milli > 0) total.set(name, (total.get(name) ?? 0) + milli);
    }
  }
  return total;
}

/** `{ cpus: 3, mem: 5 }`. */
function formatScalars(scalars: Scalars): string {
  const parts = [...quantitiesOf(scalars)].map(([name, milli]) => `${name}: ${formatMilli(milli)}`);
  return `{ ${parts.join(', ')} }`;
}
