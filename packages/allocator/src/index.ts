// Public surface of `@kaon/allocator`.
export * from './kernel/capabilities.ts';
export * from './kernel/command-buffer.ts';
export * from './kernel/kernel.ts';
export * from './kernel/kernel-commands.ts';
export { type Parcel, type ParcelRows, parcelRows, UNRESERVED } from './kernel/parcels.ts';
export * from './kernel/skip-reasons.ts';
export * from './kernel/snapshot.ts';
