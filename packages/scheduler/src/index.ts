// Public surface of `@kaon/scheduler`.
export {};
