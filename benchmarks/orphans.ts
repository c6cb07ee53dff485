// No measuring process outlives the one that started it, however that one ended.

/** Ends this process as soon as the channel to its parent closes. */
export function endWithParent(): void {
  process.on('disconnect', () => process.exit());
}
