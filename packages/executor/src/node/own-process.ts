// The process this driver runs in: its environment, and its end.

/** The variables the agent started this process with. */
export function ownEnvironment(): Readonly<Record<string, string | undefined>> {
  return process.env;
}

/** Kills everything in the group of this process, this process included. */
export function killOwnProcessGroup(): void {
  // 0 is the sender's own group.
  process.kill(0, 'SIGKILL');
}
