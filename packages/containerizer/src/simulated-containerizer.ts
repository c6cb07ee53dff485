// Containers without processes: for simulations and for benchmarks of what stands above containers.
import type { Clock, TimerHandle } from '@kaon/primitives';
import type {
  Containerizer,
  ContainerSignal,
  ContainerTermination,
  ContainerUsage,
  LaunchedContainer,
  LaunchRequest,
  RecoveredContainer,
} from './containerizer.ts';
import { type Deferred, deferred } from './deferred.ts';
import { ContainerLaunchError, ContainerUnknownError } from './errors.ts';

/** What becomes of a simulated command. */
export type SimulatedRun =
  | {
      readonly kind: 'runs';
      /** How long until it ends by itself. Undefined: it runs until it is signalled. */
      readonly durationMs?: number | undefined;
      /** How it ends by itself. Default: exit with 0. */
      readonly exit?: ContainerTermination | undefined;
      /** How long it takes to end after SIGTERM. Default: 0. */
      readonly stopMs?: number | 'never' | undefined;
    }
  | { readonly kind: 'fails'; readonly reason: string };

/** What a simulated machine does with its commands. */
export interface SimulatedContainerizerOptions {
  readonly clock: Clock;
  /** Called once for each launch. */
  readonly decide: (request: LaunchRequest) => SimulatedRun;
  /** What `usage` says of a running container. Default: nothing used, one process. */
  readonly usage?: ((request: LaunchRequest) => ContainerUsage) | undefined;
}

interface SimulatedContainer {
  readonly request: LaunchRequest;
  readonly pid: number;
  readonly run: SimulatedRun & { readonly kind: 'runs' };
  readonly ended: Deferred<ContainerTermination>;
  timer?: TimerHandle | undefined;
  termination?: ContainerTermination | undefined;
}

const FIRST_PID = 1_000;

/**
 * A machine whose commands do what `decide` says, on `clock`.
 *
 * It stands for the machine, not for one agent: `close` ends nothing, and `recover` lists what is there.
 * So an agent that is restarted in a simulation is given the same instance again.
 */
export function simulatedContainerizer(options: SimulatedContainerizerOptions): Containerizer {
  const { clock, decide } = options;
  const containers = new Map<string, SimulatedContainer>();
  let nextPid = FIRST_PID;

  const find = (containerId: string): SimulatedContainer => {
    const container = containers.get(containerId);
    if (container === undefined) throw new ContainerUnknownError(containerId);
    return container;
  };
  const end = (container: SimulatedContainer, termination: ContainerTermination): void => {
    if (container.termination !== undefined) return;
    if (container.timer !== undefined) clock.clearTimer(container.timer);
    container.timer = undefined;
    container.termination = termination;
    container.ended.resolve(termination);
  };
  const endIn = (
    container: SimulatedContainer,
    delayMs: number,
    termination: ContainerTermination,
  ): void => {
    if (container.timer !== undefined) clock.clearTimer(container.timer);
    if (delayMs <= 0) end(container, termination);
    else container.timer = clock.setTimer(delayMs, () => end(container, termination));
  };

  return {
    async launch(request: LaunchRequest): Promise<LaunchedContainer> {
      const { containerId } = request;
      if (containers.has(containerId)) {
        throw new ContainerLaunchError(containerId, 'there is a container with this id already');
      }
      const run = decide(request);
      if (run.kind === 'fails') throw new ContainerLaunchError(containerId, run.reason);
      const container: SimulatedContainer = { request, run, pid: nextPid, ended: deferred() };
      nextPid += 1;
      containers.set(containerId, container);
      if (run.durationMs !== undefined) {
        endIn(container, run.durationMs, run.exit ?? { kind: 'exited', code: 0 });
      }
      return { containerId, pid: container.pid };
    },

    async wait(containerId: string): Promise<ContainerTermination> {
      return find(containerId).ended.promise;
    },

    async signal(containerId: string, signal: ContainerSignal): Promise<void> {
      const container = find(containerId);
      if (container.termination !== undefined) return;
      const stopMs = signal === 'SIGKILL' ? 0 : (container.run.stopMs ?? 0);
      if (stopMs !== 'never') endIn(container, stopMs, { kind: 'signaled', signal });
    },

    async destroy(containerId: string): Promise<void> {
      const container = containers.get(containerId);
      if (container === undefined) return;
      containers.delete(containerId);
      end(container, { kind: 'signaled', signal: 'SIGKILL' });
    },

    async recover(): Promise<readonly RecoveredContainer[]> {
      return [...containers.values()].map(({ request, pid, termination }) => ({
        containerId: request.containerId,
        sandbox: request.sandbox,
        pid,
        termination,
      }));
    },

    async usage(containerId: string): Promise<ContainerUsage | undefined> {
      const container = containers.get(containerId);
      if (container === undefined || container.termination !== undefined) return undefined;
      return (
        options.usage?.(container.request) ?? { cpuSeconds: 0, residentBytes: 0, processes: 1 }
      );
    },

    async close(): Promise<void> {},
  };
}

/** Pretends that every command starts and exits with 0 at once. Nothing is run; for benchmarks. */
export function noopContainerizer(clock: Clock): Containerizer {
  return simulatedContainerizer({ clock, decide: () => ({ kind: 'runs', durationMs: 0 }) });
}
