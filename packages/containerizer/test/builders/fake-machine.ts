// A machine made of fakes: a launcher that does what the test says, files in memory, processes by hand.
import { type Logger, silentLogger } from '@kaon/primitives';
import { VirtualClock } from '@kaon/testkit';
import type { LaunchRequest } from '#src/containerizer.js';
import type { Launcher, LauncherFeatures, LauncherListener, UserAccount } from '#src/launcher.js';
import {
  type ProcessContainerizer,
  type ProcessContainerizerOptions,
  processContainerizer,
} from '#src/process-containerizer.js';
import type { ProcessIdentity, ProcessInfo, ProcessTable } from '#src/process-table.js';
import type { RuntimeFiles } from '#src/runtime-files.js';

export const FEATURES: LauncherFeatures = {
  startsDirectly: false,
  setsidPath: '/usr/bin/setsid',
  envPath: '/usr/bin/env',
  shellPath: '/bin/sh',
  setprivPath: '/usr/bin/setpriv',
  bashPath: undefined,
  exportsCleanly: true,
};

/** Records launches; `started`, `exited` and `lose` play the helper. */
export class FakeLauncher implements Launcher {
  readonly identity = { userId: 0, userName: 'root' };
  readonly sent: string[] = [];
  readonly accounts = new Map<string, UserAccount>();
  lookUps = 0;
  starts = 0;
  /** How many of the next starts fail. */
  startsThatFail = 0;
  isStopped = false;
  #listener: LauncherListener | undefined;

  async start(listener: LauncherListener): Promise<LauncherFeatures> {
    this.starts += 1;
    if (this.startsThatFail > 0) {
      this.startsThatFail -= 1;
      throw new Error('no shell here');
    }
    this.#listener = listener;
    return FEATURES;
  }
  launch(containerId: string): void {
    this.sent.push(containerId);
  }
  async lookUpUser(name: string): Promise<UserAccount | undefined> {
    this.lookUps += 1;
    return this.accounts.get(name);
  }
  stop(): void {
    this.isStopped = true;
  }
  started(containerId: string, task: ProcessIdentity, shim: ProcessIdentity): void {
    this.#listener?.started(containerId, task, shim);
  }
  exited(containerId: string, status: number): void {
    this.#listener?.exited(containerId, { status });
  }
  emptied(containerId: string): void {
    this.#listener?.emptied(containerId);
  }
  lose(): void {
    this.#listener?.lost('it was killed');
  }
}

/** Files in a map; `journals` may be written to as a shim would. */
export class MemoryRuntimeFiles implements RuntimeFiles {
  readonly specs = new Map<string, Uint8Array>();
  readonly journals = new Map<string, string>();
  readonly executables = new Set<string>();
  readonly owners = new Map<string, string>();

  async prepare(): Promise<void> {}
  async create(containerId: string, spec: Uint8Array): Promise<boolean> {
    if (this.specs.has(containerId)) return false;
    this.specs.set(containerId, spec);
    return true;
  }
  async readSpec(containerId: string): Promise<Uint8Array | undefined> {
    return this.specs.get(containerId);
  }
  async readJournal(containerId: string): Promise<string | undefined> {
    return this.journals.get(containerId);
  }
  async cancel(containerId: string): Promise<boolean> {
    if (this.journals.has(containerId)) return false;
    this.journals.set(containerId, 'cancelled\n');
    return true;
  }
  async list(): Promise<readonly string[]> {
    return [...this.specs.keys()].sort();
  }
  async remove(containerId: string): Promise<void> {
    this.specs.delete(containerId);
    this.journals.delete(containerId);
  }
  async isExecutable(path: string): Promise<boolean> {
    return this.executables.has(path);
  }
  async changeOwner(path: string, userId: number, groupId: number): Promise<void> {
    this.owners.set(path, `${userId}:${groupId}`);
  }
}

/** Processes added by hand; SIGKILL removes those that are not `stubborn`. */
export class FakeProcessTable implements ProcessTable {
  readonly pageBytes = 4_096;
  readonly signals: string[] = [];
  readonly stubborn = new Set<number>();
  processes: ProcessInfo[] = [];

  add(pid: number, changes: Partial<ProcessInfo> = {}): ProcessIdentity {
    const process: ProcessInfo = {
      pid,
      startTicks: pid * 10,
      parentPid: 1,
      groupId: pid,
      sessionId: pid,
      isZombie: false,
      cpuTicks: 0,
      residentPages: 0,
      ...changes,
    };
    this.processes.push(process);
    return { pid, startTicks: process.startTicks };
  }
  remove(pid: number): void {
    this.processes = this.processes.filter((process) => process.pid !== pid);
  }
  async snapshot(): Promise<readonly ProcessInfo[]> {
    return this.processes;
  }
  isAlive({ pid, startTicks }: ProcessIdentity): boolean {
    return this.processes.some(
      (process) => process.pid === pid && process.startTicks === startTicks,
    );
  }
  signal(process: ProcessIdentity, signal: string): boolean {
    if (!this.isAlive(process)) return false;
    this.signals.push(`${signal} ${process.pid}`);
    if (signal === 'SIGKILL' && !this.stubborn.has(process.pid)) this.remove(process.pid);
    return true;
  }
  nowTicks(): number {
    return 1_000_000;
  }
}

export interface FakeMachine {
  readonly clock: VirtualClock;
  readonly launcher: FakeLauncher;
  readonly files: MemoryRuntimeFiles;
  readonly processes: FakeProcessTable;
  readonly containerizer: ProcessContainerizer;
  /** Lets every promise that can settle do so. */
  settle(): Promise<void>;
  /** Moves time, letting promises settle after each timer. */
  advance(byMs: number): Promise<void>;
  /** Plays a shim that takes the launch and starts the command. */
  runShim(containerId: string, pid: number): { task: ProcessIdentity; shim: ProcessIdentity };
}

export function givenFakeMachine(
  options: Partial<ProcessContainerizerOptions> = {},
  logger: Logger = silentLogger,
): FakeMachine {
  const clock = new VirtualClock();
  const launcher = new FakeLauncher();
  const files = new MemoryRuntimeFiles();
  const processes = new FakeProcessTable();
  const containerizer = processContainerizer({
    launcher,
    files,
    processes,
    clock,
    logger,
    ...options,
  });
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  };
  return {
    clock,
    launcher,
    files,
    processes,
    containerizer,
    settle,
    async advance(byMs) {
      const untilMs = clock.monotonicMs() + byMs;
      do await settle();
      while (clock.step(untilMs));
      clock.jump(untilMs);
    },
    runShim(containerId, pid) {
      const shim = processes.add(pid);
      const task = processes.add(pid + 1, { parentPid: pid, containerMark: containerId });
      files.journals.set(
        containerId,
        `shim ${shim.pid} ${shim.startTicks} 1\ntask ${task.pid} ${task.startTicks}\n`,
      );
      launcher.started(containerId, task, shim);
      return { task, shim };
    },
  };
}

export function aRequest(containerId: string, changes: Partial<LaunchRequest> = {}): LaunchRequest {
  return {
    containerId,
    sandbox: '/sandbox',
    command: { kind: 'shell', value: 'true' },
    environment: { PATH: '/bin' },
    ...changes,
  };
}

/** What a rejected launch looks like. */
export function launchError(reason: string | RegExp): {
  readonly code: string;
  readonly reason: string | RegExp;
} {
  return { code: 'KAON_CONTAINER_LAUNCH_FAILED', reason };
}
