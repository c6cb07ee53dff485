// Bits that frameworks, agents and parcels are matched by. One number space, so that a test is one AND.

/**
 * What a framework can handle or needs, and what a parcel, an agent or a role asks for.
 *
 * The first three also mark parcels: a parcel is stripped from an offer to a framework that lacks its bit.
 */
export const CAPABILITY = {
  revocableResources: 1,
  sharedResources: 2,
  reservationRefinement: 4,
  gpuResources: 8,
  regionAware: 16,
  multiRole: 32,
  hierarchicalRole: 64,
} as const;

/**
 * Marks the parcel of all unreserved disks that cannot be cut, and a grant that takes it: a quota lets it
 * through as a whole or not at all.
 */
export const PARCEL_WHOLE = 128;

/** The capability bits that may mark a parcel. */
export const PARCEL_BITS =
  CAPABILITY.revocableResources | CAPABILITY.sharedResources | CAPABILITY.reservationRefinement;
