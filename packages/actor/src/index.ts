// Public surface of `@kaon/actor`.
export {};
