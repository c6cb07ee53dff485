// Public surface of `@kaon/registry`.
export {};
