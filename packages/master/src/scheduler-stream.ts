// Ids of the streams of schedulers that are actors. Those over HTTP have uuids.

/** Id of the stream that is the `subscription`th of the scheduler `pid`. */
export function actorStreamId(pid: string, subscription: number): string {
  return `${pid}#${subscription}`;
}

/**
 * PID of the scheduler on a stream; undefined for streams over HTTP, and without a stream. Agents are told
 * it, so that they take messages of that scheduler without a detour by the master.
 */
export function schedulerPidOf(streamId: string | undefined): string | undefined {
  if (streamId === undefined || !streamId.includes('@')) return undefined;
  return streamId.slice(0, streamId.lastIndexOf('#'));
}
