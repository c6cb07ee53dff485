// A whole cluster in one process: one node, and on it a master and agents as actors.
import { join } from 'node:path';
import { type Detector, parseMasterAddress, standaloneDetector } from '@kaon/election';
import { type HttpExchange, textAnswer } from '@kaon/http';
import { type Clock, invariant, type Logger, silentLogger, systemClock } from '@kaon/primitives';
import { LEGACY_AGENT_ACTOR } from '@kaon/protocol';
import { type KaonNode, startNode } from '@kaon/remote';
import { type HostAgent, startHostAgent } from './host-agent.ts';
import { type HostAllocatorOptions, type HostMaster, startHostMaster } from './host-master.ts';
import {
  ensureWorkDirectory,
  openWorkDirectory,
  type WorkDirectory,
} from './node/work-directory.ts';

/** Settings of a local cluster. */
export interface LocalClusterOptions {
  /** How many agents. Default: 3. */
  readonly agents?: number | undefined;
  /** Address to listen on. Default: 127.0.0.1. */
  readonly host?: string | undefined;
  /** Port of everything; 0 takes a free one. Default: 5050. */
  readonly port?: number | undefined;
  /** Registry, records and sandboxes are below it. Default: a temporary folder, removed by `close`. */
  readonly workDir?: string | undefined;
  /**
   * What each agent offers, in Mesos' text form. Default: `cpus:2;mem:1024;disk:2048` and a hundred
   * ports of its own; what the text does not name is taken from the machine.
   */
  readonly resources?: string | undefined;
  /** How resources are allocated. Default: by the built-in rules, in this thread, every second. */
  readonly allocator?: HostAllocatorOptions | undefined;
  /** Default: silent. */
  readonly logger?: Logger | undefined;
  /** Default: the machine's. */
  readonly clock?: Clock | undefined;
}

/** A cluster that runs. */
export interface LocalCluster {
  /** `host:port` of the master, and of the agents. */
  readonly address: string;
  /** Absolute. */
  readonly workDir: string;
  /**
   * Ends the tasks, then everything else; within about four seconds. Safe to call twice.
   * Afterwards no process and no temporary file is left.
   */
  close(): Promise<void>;
}

const AGENTS = 3;
const PORT = 5050;
/** How long tasks may take to end by themselves when the cluster closes. */
const CLOSE_PATIENCE_MS = 4000;
/** Two seconds of it are the executor's own: tasks have 1.5 s between SIGTERM and SIGKILL. */
const EXECUTOR_SHUTDOWN_GRACE_MS = 3500;
/** Agents of one process need not spread their registrations. */
const REGISTRATION_BACKOFF_FACTOR_MS = 50;
const PORTS_PER_AGENT = 100;
const FIRST_PORT = 31_000;

/**
 * Starts a master and agents. Resolves when all serve; the agents register within moments.
 *
 * @throws {PortInUseError} KAON_PORT_IN_USE
 * @throws {ListenFailedError} KAON_LISTEN_FAILED
 * @throws {AgentOptionsError} KAON_AGENT_OPTIONS for resources that cannot be.
 */
export async function startLocalCluster(options: LocalClusterOptions = {}): Promise<LocalCluster> {
  const logger = options.logger ?? silentLogger;
  const clock = options.clock ?? systemClock();
  const parts = new ClusterParts();
  try {
    parts.workDirectory = await openWorkDirectory(options.workDir);
    const workDir = parts.workDirectory.path;
    await ensureWorkDirectory(join(workDir, 'master'));
    const node = await startNode({
      host: options.host,
      port: options.port ?? PORT,
      clock,
      logger,
      http: { driver: 'node' },
    });
    parts.node = node;
    // NOTE: nothing is awaited between the server's start and the master's: it would answer 404 meanwhile.
    parts.master = await startHostMaster({
      system: node.system,
      http: node.http,
      workDir: join(workDir, 'master'),
      allocator: options.allocator,
      logger: node.system.logger,
    });
    const address = parseMasterAddress(node.address);
    invariant(address.ok, 'a node has an address that masters can have');
    parts.detector = standaloneDetector(address.value);
    for (let number = 1; number <= (options.agents ?? AGENTS); number += 1) {
      const agent = await startHostAgent({
        system: node.system,
        http: node.http,
        id: LEGACY_AGENT_ACTOR.replace('1', String(number)),
        detector: parts.detector,
        workDir: join(workDir, `agent-${number}`),
        resources: options.resources ?? defaultResources(number),
        attributes: `agent:${number}`,
        registrationBackoffFactorMs: REGISTRATION_BACKOFF_FACTOR_MS,
        executorShutdownGraceMs: EXECUTOR_SHUTDOWN_GRACE_MS,
        logger: node.system.logger,
      });
      parts.agents.push(agent);
    }
    // Where executors look for their agent by `MESOS_AGENT_ENDPOINT` alone.
    node.http.route('POST', '/api/v1/executor', (exchange) =>
      answerExecutor(exchange, parts.agents),
    );
    let closing: Promise<void> | undefined;
    return {
      address: node.address,
      workDir,
      close() {
        closing ??= parts.close();
        return closing;
      },
    };
  } catch (error) {
    await parts.close();
    throw error;
  }
}

/** Hands a call to the agent whose executor it is about; to the last one when it is none of theirs. */
async function answerExecutor(exchange: HttpExchange, agents: readonly HostAgent[]): Promise<void> {
  try {
    for (const [index, { agent }] of agents.entries()) {
      if (await agent.answerExecutor(exchange, { isLast: index === agents.length - 1 })) return;
    }
  } catch {
    exchange.respond(textAnswer(503, 'The agent does not answer'));
  }
}

/** What has been started so far, to be closed in the order that leaves nothing behind. */
class ClusterParts {
  readonly agents: HostAgent[] = [];
  node: KaonNode | undefined;
  workDirectory: WorkDirectory | undefined;
  master: HostMaster | undefined;
  detector: Detector | undefined;

  async close(): Promise<void> {
    await Promise.all(
      this.agents.map((agent) => agent.close({ killTasks: true, timeoutMs: CLOSE_PATIENCE_MS })),
    );
    await this.detector?.close();
    await this.master?.close();
    await this.node?.close({ graceMs: 0 });
    await this.workDirectory?.discard();
  }
}

function defaultResources(number: number): string {
  const first = FIRST_PORT + (number - 1) * PORTS_PER_AGENT;
  return `cpus:2;mem:1024;disk:2048;ports:[${first}-${first + PORTS_PER_AGENT - 1}]`;
}
