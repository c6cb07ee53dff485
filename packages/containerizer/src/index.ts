// Public surface of `@kaon/containerizer`.
export * from './containerizer.ts';
export * from './errors.ts';
export * from './launcher.ts';
export * from './node/proc-process-table.ts';
export * from './node/script-launcher.ts';
export * from './node/system-containerizer.ts';
export { systemRuntimeFiles } from './node/system-runtime-files.ts';
export * from './process-containerizer.ts';
export * from './process-table.ts';
export type { RuntimeFiles } from './runtime-files.ts';
export * from './sandbox.ts';
export * from './simulated-containerizer.ts';
