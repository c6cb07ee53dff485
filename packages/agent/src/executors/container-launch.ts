// From a command of a framework to a container: command line, user, sandbox, exit status.
import type {
  ContainerCommand,
  Containerizer,
  ContainerTermination,
  LaunchedContainer,
} from '@kaon/containerizer';
import type { TaskRunner } from '@kaon/executor';
import { err, ok, type Result } from '@kaon/primitives';
import type { CommandInfo } from '@kaon/protocol';
import type { CommandLaunch } from '../effects.ts';
import { commandEnvironment, type EnvironmentSettings } from './command-environment.ts';

/** What every launch needs. */
export interface LaunchPorts {
  readonly containerizer: Containerizer;
  readonly environment: EnvironmentSettings;
  /** The user a task runs as: from the user it names. Undefined: the agent's own. */
  readonly taskUser: (named: string | undefined) => string | undefined;
  /** Makes another user the owner of its task's sandbox. */
  readonly giveSandbox: (sandbox: string, user: string) => Promise<void>;
}

/** One container to start. */
export interface ContainerLaunch {
  readonly containerId: string;
  /** The sandbox. */
  readonly directory: string;
  /** Folders of volumes that the user is to own, too. Default: none. */
  readonly volumes?: readonly string[] | undefined;
  readonly command: CommandInfo | undefined;
  /** Whom it runs as when the command names nobody. */
  readonly frameworkUser: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Asked just before the start: whether nobody wants it any more. */
  readonly isCancelled?: () => boolean;
}

/** Starts a container. Rejects with the reason when it cannot be started. */
export async function launchContainer(
  launch: ContainerLaunch,
  { containerizer, taskUser, giveSandbox }: LaunchPorts,
): Promise<LaunchedContainer> {
  const { containerId, directory: sandbox, environment } = launch;
  const command = containerCommand(launch.command);
  if (!command.ok) throw new Error(command.error);
  const user = taskUser(launch.command?.user ?? launch.frameworkUser);
  if (user !== undefined) {
    for (const folder of [sandbox, ...(launch.volumes ?? [])]) await giveSandbox(folder, user);
  }
  if (launch.isCancelled?.()) throw new Error('it was destroyed before it was started');
  return containerizer.launch({ containerId, sandbox, command: command.value, environment, user });
}

/** The container of one command task, as its executor sees it. */
export function taskRunner(launch: CommandLaunch, ports: LaunchPorts): TaskRunner {
  const { containerizer } = ports;
  const { containerId, task, framework, directory } = launch;
  return {
    async launch() {
      const environment = commandEnvironment(launch, ports.environment);
      if (!environment.ok) throw new Error(environment.error);
      const one = {
        containerId,
        directory,
        volumes: launch.volumes,
        command: task.command,
        frameworkUser: framework.user,
        environment: environment.value,
      };
      return launchContainer(one, ports);
    },
    wait: () => containerizer.wait(containerId),
    signal: (signal) => containerizer.signal(containerId, signal),
    destroy: () => containerizer.destroy(containerId),
  };
}

/** A line for the shell, or a program and its arguments, of which the first is its name. */
function containerCommand(command: CommandInfo | undefined): Result<ContainerCommand, string> {
  const value = command?.value;
  if (command?.shell !== false) {
    if (value === undefined) return err('a shell command without a value');
    return ok({ kind: 'shell', value });
  }
  if (value === undefined) return err('a command without a program');
  return ok({ kind: 'exec', path: value, argv: command.arguments });
}

const SIGNAL_NUMBERS: Readonly<Record<string, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGABRT: 6,
  SIGKILL: 9,
  SIGSEGV: 11,
  SIGPIPE: 13,
  SIGTERM: 15,
};

/** As `wait` gives it: the exit status in the upper byte, or a signal. Undefined when nobody saw it. */
export function waitStatusOf(termination: ContainerTermination): number | undefined {
  if (termination.kind === 'exited') return termination.code << 8;
  return termination.kind === 'signaled' ? SIGNAL_NUMBERS[termination.signal] : undefined;
}
