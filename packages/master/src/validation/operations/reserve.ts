// May these resources be reserved? The sentences are Mesos'.
import {
  encodeJson,
  type Offer_Operation_Reserve,
  type Resource,
  Resource_ReservationInfo,
} from '@kaon/protocol';
import {
  formatResource,
  formatResources,
  hasRefinedReservations,
  isDynamicallyReserved,
  Resources,
  reservationRole,
} from '@kaon/resources';
import { type Check, firstProblem, type Problem } from '../check.ts';
import { agentCan, type OperationCaller } from './caller.ts';
import { allocationProblem, firstOf, providersProblem, recordsProblem } from './resources.ts';

/** The first thing wrong with a reservation, apart from whether there is anything to reserve. */
export function reserveProblem(reserve: Offer_Operation_Reserve, caller: OperationCaller): Problem {
  return firstProblem(CHECKS, reserve, caller);
}

type ReserveCheck = Check<readonly [Offer_Operation_Reserve, OperationCaller]>;
type RecordCheck = Check<readonly [Resource, OperationCaller]>;

const resourcesAreLegal: ReserveCheck = ({ resources }) =>
  invalid('resources', recordsProblem(resources));

const sourceIsLegal: ReserveCheck = ({ source }) => invalid('source', recordsProblem(source));

/** One reservation is exchanged for one other. */
const sourceFitsTarget: ReserveCheck = ({ source, resources }) => {
  if (source.length === 0) return undefined;
  const problem =
    invalid('source', mixtureProblem(source)) ?? invalid('resources', mixtureProblem(resources));
  if (problem !== undefined) return problem;
  const [from, to] = [Resources.of(source).toUnreserved(), Resources.of(resources).toUnreserved()];
  return from.equals(to)
    ? undefined
    : `Source and target resources should refer to identical resource quantities: ${from} vs. ${to}`;
};

const providerIsOne: ReserveCheck = ({ resources }) =>
  invalid('resources', providersProblem(resources));

const eachIsLegal: ReserveCheck = ({ resources }, caller) =>
  firstOf(resources, (resource) => firstProblem(RECORD_CHECKS, resource, caller));

const allocationIsOne: ReserveCheck = ({ resources }, { framework }) => {
  const problem = framework && allocationProblem(resources);
  return problem && `Invalid reservation resources: ${problem}`;
};

const CHECKS: readonly ReserveCheck[] = [
  resourcesAreLegal,
  sourceIsLegal,
  sourceFitsTarget,
  providerIsOne,
  eachIsLegal,
  allocationIsOne,
];

const isDynamic: RecordCheck = (resource) =>
  isDynamicallyReserved(resource)
    ? undefined
    : `Resource ${formatResource(resource)} is not dynamically reserved`;

const agentKnowsHierarchy: RecordCheck = (resource, caller) => {
  const role = reservationRole(resource) ?? '';
  return role.includes('/') && !agentCan(caller, 'HIERARCHICAL_ROLE')
    ? `Resource ${formatResource(resource)} with reservation for hierarchical role '${role}' cannot be reserved on an agent without HIERARCHICAL_ROLE capability`
    : undefined;
};

const agentKnowsRefinement: RecordCheck = (resource, caller) =>
  hasRefinedReservations(resource) && !agentCan(caller, 'RESERVATION_REFINEMENT')
    ? `Resource ${formatResource(resource)} with reservation refinement cannot be reserved on an agent without RESERVATION_REFINEMENT capability`
    : undefined;

const principalIsTheCallers: RecordCheck = ({ reservations }, { principal }) => {
  const named = reservations.at(-1)?.principal;
  if (principal === undefined || named === principal) return undefined;
  return named === undefined
    ? `A reserve operation was attempted by principal '${principal}', but there is a reserved resource in the request with no principal set`
    : `A reserve operation was attempted by authenticated principal '${principal}', which does not match a reserved resource in the request with principal '${named}'`;
};

const roleIsTheCallers: RecordCheck = (resource, { framework }) => {
  const allocated = resource.allocationInfo?.role;
  if (framework === undefined) {
    return resource.allocationInfo === undefined
      ? undefined
      : 'A reserve operation was attempted with an allocated resource, but the operator API only allows reservations to be made to unallocated resources';
  }
  if (allocated === undefined) {
    return `A reserve operation was attempted on unallocated resource ${formatResource(resource)}, but frameworks can only perform reservations on allocated resources`;
  }
  const role = reservationRole(resource);
  if (allocated !== role) {
    return `A reserve operation was attempted for a resource with role '${role}', but the resource was allocated to role '${allocated}'`;
  }
  return framework.roles.has(allocated)
    ? undefined
    : `A reserve operation was attempted for a resource allocated to role '${allocated}', but the framework only has roles '{ ${[...framework.roles].join(', ')} }'`;
};

const RECORD_CHECKS: readonly RecordCheck[] = [
  isDynamic,
  agentKnowsHierarchy,
  agentKnowsRefinement,
  principalIsTheCallers,
  roleIsTheCallers,
];

/** All have the same stack of reservations. */
function mixtureProblem(resources: readonly Resource[]): Problem {
  const [first, ...rest] = resources;
  if (first === undefined) return 'Resource cannot be empty';
  return rest.every((other) => stackText(other) === stackText(first))
    ? undefined
    : `Mixed reservations are not supported${formatResources(resources)}`;
}

function stackText({ reservations }: Resource): string {
  return reservations.map((entry) => encodeJson(Resource_ReservationInfo, entry)).join();
}

function invalid(what: string, problem: Problem): Problem {
  return problem && `Invalid ${what}: ${problem}`;
}
