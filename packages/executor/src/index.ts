// Public surface of `@kaon/executor`.
export {};
