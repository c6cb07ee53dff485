// Public surface of `@kaon/agent`.
export {};
