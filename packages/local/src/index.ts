// Public surface of `@kaon/local`.
export {};
