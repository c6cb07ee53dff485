// The agents of `launch path`: actors of one process that say of every task at once that it runs.
import { defineActor, defineProtocol, messages, type Pid, pidOf } from '@kaon/actor';
import { systemRandom, uuidBytes } from '@kaon/primitives';
import {
  AGENT_CAPABILITIES,
  type AgentID,
  AgentInfo,
  agentMessages,
  agentOperationMessages,
  createMessage,
  internal,
  masterMessages,
  observerMessages,
} from '@kaon/protocol';
import { startNode } from '@kaon/remote';
import { serveParent } from './child.ts';

const masterPeer = defineProtocol(messages(masterMessages));
const observerPeer = defineProtocol(messages(observerMessages));
const agentProtocol = defineProtocol({
  ...messages(agentMessages),
  ...messages(agentOperationMessages),
});

/** Room for every task of every run. */
const AMOUNTS = { cpus: 100_000, mem: 10_000_000 } as const;
const random = systemRandom();
let acknowledged = 0;

interface AgentOptions {
  readonly number: number;
  readonly master: Pid<typeof masterPeer>;
  readonly onRegistered: () => void;
}

const agent = defineActor(agentProtocol, (ctx, { number, master, onRegistered }: AgentOptions) => {
  let agentId: AgentID | undefined;
  const info = createMessage<AgentInfo>(AgentInfo, {
    hostname: `agent-${number}`,
    port: 5051,
    resources: Object.entries(AMOUNTS).map(([name, value]) => ({
      name,
      type: 'SCALAR',
      scalar: { value },
    })),
  });
  ctx.link(master);
  ctx.send(
    master,
    'registerAgent',
    createMessage<internal.RegisterAgentMessage>(internal.RegisterAgentMessage, {
      agent: info,
      version: '1.12.0',
      agentCapabilities: AGENT_CAPABILITIES,
      resourceVersionUuid: { value: uuidBytes(random) },
    }),
  );
  const nothing = (): void => undefined;
  return {
    receive: {
      agentRegistered: (message) => {
        agentId = message.agentId;
        onRegistered();
      },
      ping: (_message, from) => {
        const observer = pidOf(observerPeer, from.toString());
        if (observer.ok) ctx.send(observer.value, 'pong', {});
      },
      runTask: ({ framework, task }) => {
        if (framework.id === undefined) return;
        const uuid = uuidBytes(random);
        const timestamp = ctx.clock.nowMs() / 1000;
        const status = {
          taskId: task.taskId,
          agentId,
          state: 'TASK_RUNNING' as const,
          source: 'SOURCE_EXECUTOR' as const,
          executorId: task.taskId,
          timestamp,
          uuid,
        };
        const update = { frameworkId: framework.id, agentId, status, timestamp, uuid };
        ctx.send(master, 'statusUpdate', { update: { ...update, latestState: status.state } });
      },
      statusUpdateAcknowledgement: () => {
        acknowledged += 1;
      },
      agentReregistered: nothing,
      shutdown: nothing,
      killTask: nothing,
      shutdownFramework: nothing,
      shutdownExecutor: nothing,
      frameworkToExecutor: nothing,
      updateFramework: nothing,
      reconcileTasks: nothing,
      runTaskGroup: nothing,
      drainAgent: nothing,
      applyOperation: nothing,
      acknowledgeOperationStatus: nothing,
      reconcileOperations: nothing,
      checkpointResources: nothing,
    },
    exited: () => ctx.stop(),
  };
});

const [masterAddress, count] = process.argv.slice(2) as [string, string];
const node = await startNode();
const master = pidOf(masterPeer, `master@${masterAddress}`);
if (!master.ok) throw new Error(master.error);
await new Promise<void>((resolve) => {
  let missing = Number(count);
  const onRegistered = (): void => {
    missing -= 1;
    if (missing === 0) resolve();
  };
  for (let number = 1; number <= Number(count); number += 1) {
    const options = { number, master: master.value, onRegistered };
    node.system.spawn(agent, options, { id: `slave(${number})`, mailboxMax: 1_000_000 });
  }
});
serveParent(node.address, () => acknowledged);
