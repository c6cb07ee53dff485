// Public surface of `@kaon/protocol`.
export {};
