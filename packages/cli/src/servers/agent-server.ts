// An agent in this process, from its flags.
import { readFile } from 'node:fs/promises';
import { standaloneDetector } from '@kaon/election';
import { startHostAgent } from '@kaon/local';
import { errorText } from '@kaon/primitives';
import { startNode } from '@kaon/remote';
import { type CommandContext, loggerFor } from '../commands/command-context.ts';
import type { ServerFlags } from '../commands/server-options.ts';
import { CommandError, EXIT_USAGE } from '../errors.ts';
import type { RunningServer } from './serve.ts';

/** The flags of `kaon agent`. Durations in milliseconds. */
export interface AgentFlags extends ServerFlags {
  readonly master: { readonly host: string; readonly port: number };
  readonly runtimeDir?: string;
  readonly resources?: string;
  readonly attributes?: string;
  readonly strict: boolean;
  readonly switchUser: boolean;
  readonly registrationBackoffFactor: number;
  readonly executorShutdownGracePeriod: number;
  readonly executorRegistrationTimeout: number;
  readonly executorReregistrationTimeout: number;
  readonly recoveryTimeout: number;
  /** A file. */
  readonly jwtSecretKey?: string;
  readonly authenticateHttpExecutors?: boolean;
}

/** Starts an agent that looks for its master. Rejects with what is wrong with the flags or the machine. */
export async function startAgentServer(
  flags: AgentFlags,
  { terminal }: CommandContext,
  shown: Readonly<Record<string, string>>,
): Promise<RunningServer> {
  const logger = loggerFor(terminal, flags);
  const jwtSecretKey = await readKey(flags.jwtSecretKey);
  const node = await startNode({
    host: flags.ip,
    port: flags.port,
    advertiseHost: flags.advertiseIp,
    advertisePort: flags.advertisePort,
    logger,
    http: { driver: 'node' },
  });
  const detector = standaloneDetector(flags.master);
  try {
    const { agent, close } = await startHostAgent({
      system: node.system,
      http: node.http,
      mountAtRoot: true,
      detector,
      logger: node.system.logger,
      workDir: flags.workDir,
      runtimeDir: flags.runtimeDir,
      resources: flags.resources,
      attributes: flags.attributes,
      hostname: flags.hostname,
      strict: flags.strict,
      switchUser: flags.switchUser,
      registrationBackoffFactorMs: flags.registrationBackoffFactor,
      executorShutdownGraceMs: flags.executorShutdownGracePeriod,
      executorRegistrationTimeoutMs: flags.executorRegistrationTimeout,
      executorReregistrationTimeoutMs: flags.executorReregistrationTimeout,
      recoveryTimeoutMs: flags.recoveryTimeout,
      jwtSecretKey,
      authenticateHttpExecutors: flags.authenticateHttpExecutors,
      flags: shown,
    });
    return {
      address: node.address,
      stopped: agent.stopped.then(({ message }) => message),
      async close(signal) {
        await close({ killTasks: signal !== 'SIGTERM' });
        detector.close();
        await node.close();
      },
    };
  } catch (error) {
    detector.close();
    await node.close();
    throw error;
  }
}

/** The key as it is in the file, to the last byte: other agents and tools read it that way, too. */
async function readKey(path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const text = `the key of --jwt-secret-key cannot be read: ${errorText(error)}`;
    throw new CommandError(text, { exitCode: EXIT_USAGE });
  }
}
