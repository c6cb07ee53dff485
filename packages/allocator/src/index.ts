// Public surface of `@kaon/allocator`.
export {};
