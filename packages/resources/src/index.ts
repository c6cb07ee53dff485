// Public surface of `@kaon/resources`.
export {};
