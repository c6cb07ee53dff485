// The machine's processes as a port.

/** A process that a reused pid cannot be mistaken for. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, in clock ticks since boot (1/100 s on Linux). */
  readonly startTicks: number;
}

/** One process as the kernel shows it. */
export interface ProcessInfo extends ProcessIdentity {
  readonly parentPid: number;
  readonly groupId: number;
  readonly sessionId: number;
  /** Dead, only its parent has not asked for its status yet. */
  readonly isZombie: boolean;
  /** User and system time, its waited-for children included. */
  readonly cpuTicks: number;
  readonly residentPages: number;
  /** `KAON_CONTAINER_ID` of its environment, which children inherit even when they leave session and parent. */
  readonly containerMark?: string | undefined;
}

/** Looks at processes and signals them, never one for another. */
export interface ProcessTable {
  /** All processes, looked at after the call; calls close together share one look. */
  snapshot(): Promise<readonly ProcessInfo[]>;
  /** Whether exactly this process runs; a zombie does not. */
  isAlive(process: ProcessIdentity): boolean;
  /** Signals exactly this process. False when it is gone or may not be signalled. */
  signal(process: ProcessIdentity, signal: string): boolean;
  /** Now, on the scale of `startTicks`. */
  nowTicks(): number;
  readonly pageBytes: number;
}

/** Linux shows times to programs in hundredths of a second, whatever the kernel uses inside. */
export const TICKS_PER_SECOND = 100;
