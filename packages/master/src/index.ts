// Public surface of `@kaon/master`.
export {};
