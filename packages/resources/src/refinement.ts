// The three forms of a resource on the wire. Inside Kaon there is one: a stack of reservations, empty
// when unreserved. Frameworks without `RESERVATION_REFINEMENT` know `role` and `reservation` instead,
// and the operator endpoints show both.
import type { Resource, Resource_ReservationInfo } from '@kaon/protocol';

const UNRESERVED = '*';

/**
 * `resource` with a stack of reservations and neither `role` nor `reservation`.
 *
 * A role other than `*` alone is a static reservation, with `reservation` a dynamic one. A record that
 * already has a stack keeps it.
 */
export function toPostRefinement(resource: Resource): Resource {
  if (resource.role === undefined && resource.reservation === undefined) return resource;
  const { role, reservation, ...rest } = resource;
  if (resource.reservations.length > 0) return rest;
  if (reservation !== undefined) {
    const { principal, labels } = reservation;
    return { ...rest, reservations: [dynamic(role ?? UNRESERVED, principal, labels)] };
  }
  if (role === undefined || role === UNRESERVED) return rest;
  return { ...rest, reservations: [{ type: 'STATIC', role }] };
}

/**
 * `resource` with `role` and `reservation` instead of a stack: what frameworks without
 * `RESERVATION_REFINEMENT` and old clients are sent. A refined reservation cannot be said this way:
 * undefined.
 */
export function toPreRefinement(resource: Resource): Resource | undefined {
  if (resource.reservations.length > 1) return undefined;
  return { ...withRole(resource), reservations: [] };
}

/** `resource` with its stack and, where they can say the same, `role` and `reservation` as well. */
export function toEndpointForm(resource: Resource): Resource {
  return resource.reservations.length > 1 ? resource : withRole(resource);
}

function withRole(resource: Resource): Resource {
  const [reservation] = resource.reservations;
  if (reservation === undefined) return { ...resource, role: UNRESERVED };
  const role = reservation.role ?? UNRESERVED;
  if (reservation.type !== 'DYNAMIC') return { ...resource, role };
  const { principal, labels } = reservation;
  return {
    ...resource,
    role,
    reservation: {
      ...(principal === undefined ? {} : { principal }),
      ...(labels === undefined ? {} : { labels }),
    },
  };
}

function dynamic(
  role: string,
  principal: string | undefined,
  labels: Resource_ReservationInfo['labels'],
): Resource_ReservationInfo {
  return {
    type: 'DYNAMIC',
    role,
    ...(principal === undefined ? {} : { principal }),
    ...(labels === undefined ? {} : { labels }),
  };
}
