// Public surface of `@kaon/registry`.
export * from './drain-operations.ts';
export * from './errors.ts';
export {
  type FactKind,
  type FactOf,
  type FactWrite,
  MASTER_ID,
  type RegistryView,
  SCHEDULE_ID,
} from './facts.ts';
export * from './maintenance-operations.ts';
export { memoryStorage } from './memory-storage.ts';
export { type LmdbStorageOptions, lmdbStorage } from './node/lmdb-storage.ts';
export type { Operation } from './operation.ts';
export * from './operations.ts';
export * from './quota-operations.ts';
export * from './registrar.ts';
export * from './storage.ts';
