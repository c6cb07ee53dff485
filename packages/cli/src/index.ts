// Public surface of `@kaon/cli`.
export {};
