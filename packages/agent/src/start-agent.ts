// Puts an agent together: finds what a former run left, starts the actor, serves its endpoints.
import { isAbsolute } from 'node:path';
import type { Pid } from '@kaon/actor';
import type { HttpExchange } from '@kaon/http';
import { fromUtf8, invariant, utf8 } from '@kaon/primitives';
import { AgentInfo, createMessage, LEGACY_AGENT_ACTOR, MESOS_VERSION } from '@kaon/protocol';
import { parseAttributes } from '@kaon/resources';
import { agentActor } from './agent.ts';
import { DurableWriter } from './checkpoint/durable-writer.ts';
import { AgentPaths } from './checkpoint/paths.ts';
import { type CheckpointedAgent, readMeta } from './checkpoint/read-meta.ts';
import { recoverResources } from './checkpoint/recover-resources.ts';
import {
  AGENT_PORT,
  CONTAINER_DESTROY_TIMEOUT_MS,
  EXECUTOR_REGISTRATION_TIMEOUT_MS,
  EXECUTOR_REREGISTRATION_TIMEOUT_MAX_MS,
  EXECUTOR_REREGISTRATION_TIMEOUT_MS,
  EXECUTOR_SHUTDOWN_GRACE_MS,
  RECOVERY_TIMEOUT_MS,
  REGISTRATION_BACKOFF_FACTOR_MS,
  TASKS_MAX,
} from './constants.ts';
import { AgentIncompatibleError, AgentOptionsError, AgentRecoveryError } from './errors.ts';
import { createExecutorHost } from './executors/create-executor-host.ts';
import { type ExecutorTokens, executorTokens } from './executors/executor-tokens.ts';
import { allFlags } from './flag-defaults.ts';
import { agentResources, type HostFacts } from './host-facts.ts';
import type { EndpointContext } from './http/context.ts';
import { mountEndpoints } from './http/endpoints.ts';
import { executorApi } from './http/executor-api.ts';
import { probeHost, probeLoad } from './node/host-probe.ts';
import { systemSandboxReader } from './node/system-sandbox-reader.ts';
import { giveToUser } from './node/user-accounts.ts';
import type { AgentOptions, CloseOptions } from './options.ts';
import type { AgentProtocol } from './protocol.ts';
import { AgentState, type StopReason } from './state/agent-state.ts';
import { agentInfoDifferences } from './transitions/compare-agent-info.ts';

const CLOSE_TIMEOUT_MS = 20_000;
/** An IPv4 address, or something with the colons of an IPv6 address. */
const IP_PATTERN = /^(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f.]*:[0-9A-Fa-f:.]+)$/;

/** An agent that was started. */
export interface RunningAgent {
  readonly pid: Pid<AgentProtocol>;
  /** What a read-only look at the state yields; the state itself must not be kept or changed. */
  inspect<T>(read: (state: AgentState) => T): Promise<T>;
  /** Resolves when the agent has stopped by itself: shut down by its master, or for good reason. */
  readonly stopped: Promise<StopReason>;
  /**
   * Answers a call on the executor API that came on a path of several agents; false when it did not,
   * because the executor is not one of this agent and `isLast` does not hold. Rejects when the agent is gone.
   */
  answerExecutor(exchange: HttpExchange, options: { readonly isLast: boolean }): Promise<boolean>;
  /** Stops the agent. Safe to call twice. The system, server, disk and containerizer stay open. */
  close(options?: CloseOptions): Promise<void>;
}

/**
 * Starts an agent: recovers what a former run left in the work directory, then looks for its master.
 *
 * @throws {AgentOptionsError} `KAON_AGENT_OPTIONS` for settings that cannot be.
 * @throws {AgentIncompatibleError} `KAON_AGENT_INCOMPATIBLE` when it was another agent before.
 * @throws {AgentRecoveryError} `KAON_AGENT_RECOVERY` when its records are damaged.
 */
export async function startAgent(options: AgentOptions): Promise<RunningAgent> {
  const { system, disk, containerizer, detector } = options;
  const startedMs = system.clock.nowMs();
  if (!isAbsolute(options.workDir)) {
    throw new AgentOptionsError(`the work directory '${options.workDir}' is not an absolute path`);
  }
  const tokens = tokensOf(options);
  const paths = new AgentPaths(options.workDir);
  await disk.makeDirectory(paths.meta);
  const host = options.host ?? (await probeHost(options.workDir));
  const endpoint = endpointOf(options, host);
  const info = describeAgent(options, host, endpoint);

  const checkpointed = await readFormerRun(options, paths, host, info);
  const containers = await containerizer.recover();

  const id = options.id ?? LEGACY_AGENT_ACTOR;
  const identity = {
    pid: `${id}@${system.address}`,
    ipAddress: endpoint.ipAddress,
    version: MESOS_VERSION,
    startedMs,
    paths,
  };
  const state = new AgentState(identity, info);
  const found = await recoverResources(disk, paths, options.strict ?? true);
  const restored = state.restoreResources(found.resources);
  if (!restored.ok) throw new AgentRecoveryError(paths.resourceState, `says: ${restored.error}`);
  state.counters.recoveryErrors += found.problems.length;
  const settings = {
    registrationBackoffFactorMs:
      options.registrationBackoffFactorMs ?? REGISTRATION_BACKOFF_FACTOR_MS,
    executorShutdownGraceMs: options.executorShutdownGraceMs ?? EXECUTOR_SHUTDOWN_GRACE_MS,
    executorRegistrationTimeoutMs:
      options.executorRegistrationTimeoutMs ?? EXECUTOR_REGISTRATION_TIMEOUT_MS,
    executorReregistrationTimeoutMs:
      options.executorReregistrationTimeoutMs ?? EXECUTOR_REREGISTRATION_TIMEOUT_MS,
    containerDestroyTimeoutMs: options.containerDestroyTimeoutMs ?? CONTAINER_DESTROY_TIMEOUT_MS,
    tasksMax: options.tasksMax ?? TASKS_MAX,
  };
  const canSwitchUser = host.runsAsRoot && options.switchUser !== false;
  const logger = options.logger ?? system.logger;
  const writer = new DurableWriter({ disk, clock: system.clock, logger });

  let stoppedBy: (reason: StopReason) => void = () => undefined;
  const stopped = new Promise<StopReason>((resolve) => {
    stoppedBy = resolve;
  });
  const pid = system.spawn(
    agentActor,
    {
      state,
      settings,
      findings: { agent: checkpointed, containers, operations: found.operations },
      createPorts: (ctx) => ({
        writer,
        onStopped: stoppedBy,
        executors: createExecutorHost(ctx, {
          tokens,
          containerizer,
          environment: {
            endpoint: system.address,
            ipAddress: endpoint.ipAddress,
            executorShutdownGraceMs: settings.executorShutdownGraceMs,
            recoveryTimeoutMs: options.recoveryTimeoutMs ?? RECOVERY_TIMEOUT_MS,
            executorReregistrationTimeoutMs: settings.executorReregistrationTimeoutMs,
          },
          // `root` is whoever runs the agent already.
          giveSandbox: options.giveSandbox ?? giveToUser,
          taskUser: (named) => (canSwitchUser && named !== 'root' ? named : undefined),
        }),
      }),
    },
    { id },
  );
  state.recoveryMs = system.clock.nowMs() - startedMs;

  const unwatch = detector.watch((leader) =>
    system.send(pid, 'masterDetected', { master: leader?.pid }),
  );
  const endpoints: EndpointContext = {
    id,
    atRoot: options.mountAtRoot ?? false,
    system,
    pid,
    containerizer,
    writer,
    tokens: options.authenticateHttpExecutors ? tokens : undefined,
    sandboxes: options.sandboxes ?? systemSandboxReader(),
    flags: Object.fromEntries(allFlags(options.flags ?? {})),
    probeLoad: options.probeLoad ?? probeLoad,
  };
  if (options.http) mountEndpoints(options.http, endpoints);

  // An actor that fails stops without having said why.
  void system.terminated(pid).then((reason) => {
    unwatch();
    const message = reason === 'failed' ? 'the agent failed' : 'the agent was closed';
    stoppedBy({ kind: reason === 'failed' ? 'fatal' : 'closed', message });
  });

  return {
    pid,
    stopped,
    inspect: (read) => system.ask(pid, 'look', { read }) as Promise<ReturnType<typeof read>>,
    answerExecutor: (exchange, { isLast }) => executorApi(exchange, endpoints, !isLast),
    async close({ killTasks = false, timeoutMs = CLOSE_TIMEOUT_MS } = {}) {
      unwatch();
      const ended = system.terminated(pid);
      if (killTasks) {
        system.send(pid, 'leave', { message: 'the agent was told to leave' });
        await endedOrLate(system.clock, ended, timeoutMs);
      }
      system.stop(pid);
      await ended;
      // What was being written is written: the next start finds it.
      await writer.drain();
    },
  };
}

/** Tokens for executors, if there is a key to sign them with; and what of the options about executors cannot be. */
function tokensOf(options: AgentOptions): ExecutorTokens | undefined {
  const { jwtSecretKey, authenticateHttpExecutors, executorReregistrationTimeoutMs = 0 } = options;
  if (executorReregistrationTimeoutMs > EXECUTOR_REREGISTRATION_TIMEOUT_MAX_MS) {
    const most = `at most ${EXECUTOR_REREGISTRATION_TIMEOUT_MAX_MS} ms are allowed`;
    throw new AgentOptionsError(`executorReregistrationTimeoutMs: ${most}`);
  }
  if (jwtSecretKey === '') throw new AgentOptionsError('jwtSecretKey: the key is empty');
  if (jwtSecretKey !== undefined) return executorTokens(jwtSecretKey);
  if (!authenticateHttpExecutors) return undefined;
  throw new AgentOptionsError('authenticateHttpExecutors: this needs jwtSecretKey');
}

interface Endpoint {
  readonly host: string;
  readonly port: number;
  readonly ipAddress: string;
}

function endpointOf({ system, ipAddress }: AgentOptions, facts: HostFacts): Endpoint {
  const colon = system.address.lastIndexOf(':');
  const host = colon < 0 ? facts.hostname : system.address.slice(0, colon).replace(/^\[|\]$/g, '');
  const port = colon < 0 ? AGENT_PORT : Number(system.address.slice(colon + 1));
  return { host, port, ipAddress: ipAddress ?? (IP_PATTERN.test(host) ? host : '127.0.0.1') };
}

function describeAgent(options: AgentOptions, host: HostFacts, endpoint: Endpoint): AgentInfo {
  const resources = agentResources(options.resources ?? '', host);
  if (!resources.ok) throw new AgentOptionsError(`resources: ${resources.error}`);
  const attributes = parseAttributes(options.attributes ?? '');
  if (!attributes.ok) throw new AgentOptionsError(`attributes: ${attributes.error}`);
  return createMessage(AgentInfo, {
    hostname: options.hostname ?? endpoint.host,
    port: endpoint.port,
    resources: resources.value,
    attributes: attributes.value,
  });
}

/** The records of the former run, if it was this agent; and a note which boot of the machine this is. */
async function readFormerRun(
  { disk, strict }: AgentOptions,
  paths: AgentPaths,
  host: HostFacts,
  info: AgentInfo,
): Promise<CheckpointedAgent | undefined> {
  const former = await readMeta({ disk, paths, isStrict: strict ?? true });
  const formerBootId = await disk.readFile(paths.bootId);
  const hasRebooted =
    formerBootId !== undefined &&
    host.bootId !== undefined &&
    fromUtf8(formerBootId) !== host.bootId;
  const differences = former ? agentInfoDifferences(former.info, info) : [];
  if (former && differences.length > 0) {
    // After a reboot nothing of it runs any more: the agent may as well be a new one.
    if (!hasRebooted) {
      const path = paths.agentInfo(former.agentId);
      throw new AgentIncompatibleError(path, paths.latestAgent, differences);
    }
    await disk.remove(paths.latestAgent);
  }
  if (host.bootId !== undefined) await disk.writeFileAtomic(paths.bootId, utf8(host.bootId));
  return differences.length > 0 ? undefined : former;
}

async function endedOrLate(
  clock: AgentOptions['system']['clock'],
  ended: Promise<unknown>,
  timeoutMs: number,
): Promise<void> {
  invariant(timeoutMs >= 0, 'a timeout is not negative');
  await new Promise<void>((resolve) => {
    const timer = clock.setTimer(timeoutMs, resolve);
    void ended.then(() => {
      clock.clearTimer(timer);
      resolve();
    });
  });
}
