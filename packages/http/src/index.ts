// Public surface of `@kaon/http`.
export {};
