// Public surface of `@kaon/registry`.
export * from './errors.ts';
export {
  type FactKind,
  type FactOf,
  type FactWrite,
  MASTER_ID,
  type RegistryView,
} from './facts.ts';
export { memoryStorage } from './memory-storage.ts';
export { type LmdbStorageOptions, lmdbStorage } from './node/lmdb-storage.ts';
export * from './operations.ts';
export * from './registrar.ts';
export * from './storage.ts';
