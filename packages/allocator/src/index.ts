// Public surface of `@kaon/allocator`.
export { type AllocatorOptions, allocatorActor } from './allocator.ts';
export { Books, type BooksOptions } from './books/books.ts';
export { KindIndex } from './books/kinds.ts';
export {
  CONSTRAINT_LIMITS,
  type ConstraintLimits,
  compileOfferConstraints,
  instructionsAtLeast,
  type RoleConstraint,
} from './books/offer-constraints.ts';
export type { AgentRow, FrameworkRow, Holding } from './books/rows.ts';
export * from './errors.ts';
export type * from './explanation.ts';
export { inlineHost } from './host/inline-host.ts';
export type * from './host/kernel-host.ts';
export * from './host/kernel-thread.ts';
export { type PartitionedHostOptions, partitionedHost } from './host/partitioned-host.ts';
export { type ShadowHostOptions, shadowHost } from './host/shadow-host.ts';
export type * from './host/shadow-report.ts';
export { type WorkerHostOptions, workerHost } from './host/worker-host.ts';
export * from './kernel/capabilities.ts';
export * from './kernel/command-buffer.ts';
export * from './kernel/inspection.ts';
export * from './kernel/kernel.ts';
export * from './kernel/kernel-commands.ts';
export type * from './kernel/kernel-policy.ts';
export { type Parcel, type ParcelRows, parcelRows, UNRESERVED } from './kernel/parcels.ts';
export * from './kernel/skip-reasons.ts';
export * from './kernel/snapshot.ts';
export { allocatorMetrics } from './metrics.ts';
export { type HostChoice, hostsFor } from './node/choose-hosts.ts';
export { piscinaThread } from './node/piscina-thread.ts';
export { importPolicy } from './node/policy-module.ts';
export * from './policy/policy.ts';
export * from './policy/policy-errors.ts';
export type * from './policy/policy-stats.ts';
export * from './protocol.ts';
export { expiryOf } from './refusal-expiry.ts';
export {
  type AllocatorCommand,
  type PolicyReport,
  type StartAllocatorOptions,
  type StartedAllocator,
  startAllocator,
} from './start-allocator.ts';
