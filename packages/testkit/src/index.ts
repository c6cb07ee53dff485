// Public surface of `@kaon/testkit`.
export {};
