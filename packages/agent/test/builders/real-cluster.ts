// A master that admits and acknowledges, and an agent with real processes on a real disk.
import { type ActorSystem, defineActor, defineProtocol, messages, type Pid } from '@kaon/actor';
import { type AgentOptions, type agentProtocol, type RunningAgent, startAgent } from '@kaon/agent';
import { systemContainerizer } from '@kaon/containerizer';
import { standaloneDetector } from '@kaon/election';
import { createHttpServer } from '@kaon/http';
import { silentLogger, systemClock, systemDisk } from '@kaon/primitives';
import {
  type internal,
  masterMessages,
  masterOperationMessages,
  observerMessages,
  type TaskStatus,
} from '@kaon/protocol';
import { type KaonNode, startNode } from '@kaon/remote';
import type { Test } from 'tap';
import { AGENT_ID } from './simulated-agent.ts';

const peer = defineProtocol({
  ...messages(masterMessages),
  ...messages(masterOperationMessages),
  ...messages(observerMessages),
});

/** What the master has seen, and a way to wait for more. */
export class TestMaster {
  readonly node: KaonNode;
  readonly pid: Pid<typeof peer>;
  /** Statuses by task, each acknowledged. */
  readonly statuses: TaskStatus[] = [];
  reports: internal.ReregisterAgentMessage[] = [];
  readonly operationStatuses: internal.UpdateOperationStatusMessage[] = [];
  /** The version of the agent's resources, as it said last. */
  resourceVersion: Uint8Array | undefined;
  readonly exits: internal.ExitedExecutorMessage[] = [];
  readonly messages: internal.ExecutorToFrameworkMessage[] = [];
  registrations = 0;
  #send: ActorSystem['send'] = () => undefined;
  #waiting: (() => void)[] = [];

  private constructor(node: KaonNode) {
    this.node = node;
    const actor = defineActor(peer, (ctx, _options: undefined) => {
      this.#send = (to, name, body) => ctx.send(to, name, body);
      const agentId = { value: AGENT_ID };
      const answer = (from: Pid): Pid<typeof agentProtocol> => from as Pid<typeof agentProtocol>;
      return {
        receive: {
          registerAgent: ({ resourceVersionUuid }, from) => {
            this.resourceVersion = resourceVersionUuid?.value;
            this.registrations += 1;
            ctx.send(answer(from), 'agentRegistered', { agentId });
            this.#wake();
          },
          reregisterAgent: (body, from) => {
            this.reports.push(body);
            this.resourceVersion = body.resourceVersionUuid?.value;
            ctx.send(answer(from), 'agentReregistered', { agentId, reconciliations: [] });
            this.#wake();
          },
          statusUpdate: ({ update }, from) => {
            const { frameworkId, status, uuid } = update;
            this.statuses.push(status);
            ctx.send(answer(from), 'statusUpdateAcknowledgement', {
              agentId,
              frameworkId,
              taskId: status.taskId,
              uuid: uuid as Uint8Array,
            });
            this.#wake();
          },
          unregisterAgent: () => this.#wake(),
          exitedExecutor: (body) => {
            this.exits.push(body);
            this.#wake();
          },
          executorToFramework: (body) => {
            this.messages.push(body);
            this.#wake();
          },
          updateAgent: () => undefined,
          updateOperationStatus: (body) => {
            this.operationStatuses.push(body);
            this.#wake();
          },
          pong: () => undefined,
        },
      };
    });
    this.pid = node.system.spawn(actor, undefined, { id: 'master' });
  }

  static async start(t: Test): Promise<TestMaster> {
    const node = await startNode();
    t.teardown(() => node.close({ graceMs: 0 }));
    return new TestMaster(node);
  }

  /** To the agent, as the master. */
  tell: ActorSystem['send'] = (to, name, body) => this.#send(to, name, body);

  /** Resolves when `isReached` holds, looked at whenever the master hears something. */
  async until(isReached: () => boolean): Promise<void> {
    while (!isReached()) {
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    }
  }

  /** Resolves with the first status of `taskId` in one of `states`. */
  async status(taskId: string, ...states: readonly string[]): Promise<TaskStatus> {
    const find = (): TaskStatus | undefined =>
      this.statuses.find((one) => one.taskId.value === taskId && states.includes(one.state));
    await this.until(() => find() !== undefined);
    return find() as TaskStatus;
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

/** An agent, its node, and how to end both. */
export interface RealAgent {
  readonly agent: RunningAgent;
  /** Base URL of its endpoints. */
  readonly url: string;
  /** Ends the process' part of it, as a crash does: containers stay. */
  crash(): Promise<void>;
}

/** Starts an agent on `workDir` that looks for `master`. */
export async function startRealAgent(
  t: Test,
  master: TestMaster,
  workDir: string,
  options: Partial<AgentOptions> = {},
): Promise<RealAgent> {
  // Others reach the agent through its own connection; so the address may be the same after a restart.
  const node = await startNode({ advertisePort: 5051 });
  const http = createHttpServer({ driver: 'node' });
  const containerizer = systemContainerizer({
    runtimeDir: `${workDir}/runtime`,
    clock: systemClock(),
    logger: silentLogger,
  });
  const agent = await startAgent({
    system: node.system,
    http,
    mountAtRoot: true,
    detector: standaloneDetector(addressOf(master.node)),
    containerizer,
    disk: systemDisk(),
    workDir,
    resources: 'cpus:2;mem:512;disk:512',
    registrationBackoffFactorMs: 1,
    ...options,
  });
  const { port } = await http.listen({ host: '127.0.0.1', port: 0 });
  let isGone = false;
  const crash = async (): Promise<void> => {
    if (isGone) return;
    isGone = true;
    await node.close({ graceMs: 0 });
    await http.close();
    await containerizer.close();
  };
  t.teardown(async () => {
    if (isGone) return;
    await agent.close({ killTasks: true, timeoutMs: 5000 });
    await crash();
  });
  return { agent, url: `http://127.0.0.1:${port}`, crash };
}

function addressOf({ address }: KaonNode): { readonly host: string; readonly port: number } {
  const colon = address.lastIndexOf(':');
  return { host: address.slice(0, colon), port: Number(address.slice(colon + 1)) };
}
