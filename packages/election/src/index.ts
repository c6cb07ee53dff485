// Public surface of `@kaon/election`.
export {};
