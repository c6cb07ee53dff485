// Public surface of `@kaon/remote`.
export {};
