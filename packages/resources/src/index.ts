// Public surface of `@kaon/resources`.
export * from './attributes.ts';
export * from './checkpointed.ts';
export * from './conversions.ts';
export * from './format.ts';
export * from './milli.ts';
export * from './parse-resources.ts';
export * from './quantities.ts';
export * from './ranges.ts';
export * from './refinement.ts';
export * from './reservations.ts';
export * from './resources.ts';
export * from './validate.ts';
