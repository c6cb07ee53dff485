// Public surface of `@kaon/containerizer`.
export {};
