// An agent in a simulation: a probe for a master, commands that do as told, a disk in memory.
import { type ActorSystem, defineProtocol, messages } from '@kaon/actor';
import {
  type AgentOptions,
  type AgentState,
  diskSandboxReader,
  type ExecutorVerdict,
  type RunningAgent,
  startAgent,
} from '@kaon/agent';
import { type Containerizer, type SimulatedRun, simulatedContainerizer } from '@kaon/containerizer';
import { standaloneDetector } from '@kaon/election';
import {
  createMessage,
  ExecutorInfo,
  type executorV1,
  FrameworkInfo,
  internal,
  masterMessages,
  masterOperationMessages,
  observerMessages,
  TaskInfo,
} from '@kaon/protocol';
import { parseResourceRecords } from '@kaon/resources';
import { MemoryDisk, type Probe, Simulation, spawnProbe } from '@kaon/testkit';
import type { Test } from 'tap';

const peer = defineProtocol({
  ...messages(masterMessages),
  ...messages(masterOperationMessages),
  ...messages(observerMessages),
});

export const WORK_DIR = '/var/lib/kaon';
export const AGENT_ID = 'S0';
export const FRAMEWORK_ID = 'F1';
export const HOST = {
  hostname: 'host1',
  cpus: 4,
  memoryBytes: 8 * 1024 ** 3,
  diskBytes: 100 * 1024 ** 3,
  runsAsRoot: false,
} as const;

export type MasterProbe = Probe<typeof peer>;

/** What stands in for a master. */
export function spawnMaster(system: ActorSystem): MasterProbe {
  return spawnProbe(system, peer, { id: 'master' });
}

/** A world with one master probe, one machine and at most one agent at a time. */
export class SimulatedAgent {
  readonly sim: Simulation;
  readonly master: MasterProbe;
  readonly containerizer: Containerizer;
  readonly launches: string[] = [];
  disk: MemoryDisk;
  agent: RunningAgent;
  #system: ActorSystem | undefined;
  readonly #runs: Map<string, SimulatedRun>;
  readonly #options: Partial<AgentOptions>;

  private constructor(
    sim: Simulation,
    disk: MemoryDisk,
    runs: Map<string, SimulatedRun>,
    options: Partial<AgentOptions>,
  ) {
    this.sim = sim;
    this.disk = disk;
    this.#runs = runs;
    this.#options = options;
    this.master = spawnMaster(sim.createSystem('10.0.0.1:5050'));
    this.containerizer = simulatedContainerizer({
      clock: sim.clock,
      decide: (request) => {
        const { command } = request;
        const line = command.kind === 'shell' ? command.value : command.path;
        this.launches.push(line);
        return this.#runs.get(line) ?? { kind: 'runs' };
      },
    });
    this.agent = undefined as unknown as RunningAgent;
  }

  static async start(
    t: Test,
    options: Partial<AgentOptions> & {
      readonly seed?: number;
      readonly disk?: MemoryDisk;
      readonly runs?: Readonly<Record<string, SimulatedRun>>;
    } = {},
  ): Promise<SimulatedAgent> {
    const { seed = 1, disk = new MemoryDisk(), runs = {}, ...rest } = options;
    const sim = new Simulation({ seed });
    t.teardown(() => sim.close());
    const world = new SimulatedAgent(sim, disk, new Map(Object.entries(runs)), rest);
    await world.restart();
    return world;
  }

  /** A look at the agent's state. */
  async inspect<T>(read: (state: AgentState) => T): Promise<T> {
    await this.sim.settle();
    const seen = this.agent.inspect(read);
    await this.sim.settle();
    return seen;
  }

  /** Ends the agent without a farewell, as `kill -9` does. */
  crash(): void {
    this.sim.crash('10.0.0.2:5051');
  }

  /** Starts an agent on the disk and the machine as they are. */
  async restart(): Promise<void> {
    await this.disk.makeDirectory(WORK_DIR);
    const system = this.sim.createSystem('10.0.0.2:5051');
    this.#system = system;
    this.agent = await startAgent({
      system,
      detector: standaloneDetector({ host: '10.0.0.1', port: 5050 }),
      containerizer: this.containerizer,
      disk: this.disk,
      workDir: WORK_DIR,
      host: HOST,
      probeLoad: () => ({
        cpus: 4,
        load: { oneMinute: 0, fiveMinutes: 0, fifteenMinutes: 0 },
        memoryFreeBytes: 0,
        memoryTotalBytes: 0,
      }),
      sandboxes: diskSandboxReader(this.disk),
      ...this.#options,
    });
  }

  /** Lets the agent register and answers it. */
  async register(): Promise<this> {
    await this.sim.advance(1000);
    this.master.take('registerAgent');
    this.tell('agentRegistered', { agentId: { value: AGENT_ID } });
    await this.sim.settle();
    return this;
  }

  /** As the master, to the agent. */
  tell: <K extends keyof Tellable>(name: K, body: Tellable[K]) => void = (name, body) => {
    this.master.send(this.agent.pid, name as 'ping', body as never);
  };

  async run(task: TaskInfo, framework: FrameworkInfo = givenFramework()): Promise<void> {
    this.tell('runTask', createMessage(internal.RunTaskMessage, { framework, task }));
    await this.sim.settle();
  }

  async runGroup(
    executor: ExecutorInfo,
    tasks: readonly TaskInfo[],
    framework: FrameworkInfo = givenFramework(),
  ): Promise<void> {
    const message = { framework, executor, taskGroup: { tasks } };
    this.tell('runTaskGroup', createMessage(internal.RunTaskGroupMessage, message));
    await this.sim.settle();
  }

  /** As a custom executor, on the agent's API. */
  async call(
    call: Partial<executorV1.Call>,
    connection?: FakeConnection,
    executorId = 'e1',
  ): Promise<ExecutorVerdict> {
    const ids = { frameworkId: { value: FRAMEWORK_ID }, executorId: { value: executorId } };
    const body = { call: { ...ids, ...call }, claims: undefined, connection };
    const verdict = this.#system?.ask(this.agent.pid, 'executorCall', body);
    await this.sim.settle();
    return (await verdict) as ExecutorVerdict;
  }

  /** Subscribes as a custom executor; what it hears is in the connection. */
  async subscribe(
    subscribe: Partial<executorV1.Call_Subscribe> = {},
    executorId = 'e1',
  ): Promise<FakeConnection> {
    const connection = new FakeConnection();
    const nothing = { unacknowledgedTasks: [], unacknowledgedUpdates: [] };
    const call = { type: 'SUBSCRIBE', subscribe: { ...nothing, ...subscribe } } as const;
    await this.call(call, connection, executorId);
    return connection;
  }

  /** Acknowledges the oldest update the master heard and returns its status. */
  async acknowledge(): Promise<internal.StatusUpdate> {
    const update = this.takeUpdate();
    const { taskId } = update.status;
    this.tell('statusUpdateAcknowledgement', {
      agentId: { value: AGENT_ID },
      frameworkId: update.frameworkId,
      taskId,
      uuid: update.uuid as Uint8Array,
    });
    await this.sim.settle();
    return update;
  }

  takeUpdate(): internal.StatusUpdate {
    return (this.master.take('statusUpdate').body as internal.StatusUpdateMessage).update;
  }

  /** The states of the updates the master heard and nobody took. */
  get heardStates(): readonly string[] {
    return this.master.messages
      .filter(({ name }) => name === 'statusUpdate')
      .map(({ body }) => (body as internal.StatusUpdateMessage).update.status.state);
  }
}

/** An executor's ear. */
export class FakeConnection {
  readonly events: executorV1.Event[] = [];
  isClosed = false;

  /** Types of the events heard so far. */
  get heard(): readonly string[] {
    return this.events.map(({ type }) => type ?? '');
  }

  send(event: executorV1.Event): boolean {
    if (!this.isClosed) this.events.push(event);
    return !this.isClosed;
  }

  close(): void {
    this.isClosed = true;
  }

  onClosed(): void {}
}

interface Tellable {
  readonly agentRegistered: internal.AgentRegisteredMessage;
  readonly agentReregistered: internal.AgentReregisteredMessage;
  readonly ping: internal.PingAgentMessage;
  readonly shutdown: internal.ShutdownMessage;
  readonly runTask: internal.RunTaskMessage;
  readonly runTaskGroup: internal.RunTaskGroupMessage;
  readonly killTask: internal.KillTaskMessage;
  readonly statusUpdateAcknowledgement: internal.StatusUpdateAcknowledgementMessage;
  readonly shutdownFramework: internal.ShutdownFrameworkMessage;
  readonly shutdownExecutor: internal.ShutdownExecutorMessage;
  readonly frameworkToExecutor: internal.FrameworkToExecutorMessage;
  readonly updateFramework: internal.UpdateFrameworkMessage;
  readonly reconcileTasks: internal.ReconcileTasksMessage;
  readonly applyOperation: internal.ApplyOperationMessage;
  readonly acknowledgeOperationStatus: internal.AcknowledgeOperationStatusMessage;
  readonly reconcileOperations: internal.ReconcileOperationsMessage;
  readonly checkpointResources: internal.CheckpointResourcesMessage;
  readonly drainAgent: internal.DrainAgentMessage;
}

export function givenFramework(fields: Partial<FrameworkInfo> = {}): FrameworkInfo {
  return {
    ...createMessage(FrameworkInfo, {
      user: 'someone',
      name: 'framework',
      id: { value: FRAMEWORK_ID },
      checkpoint: true,
      capabilities: [{ type: 'PARTITION_AWARE' }],
    }),
    ...fields,
  };
}

export function givenTask(id: string, command = 'true', resources = 'cpus:0.1;mem:32'): TaskInfo {
  const parsed = parseResourceRecords(resources);
  if (!parsed.ok) throw new Error(parsed.error);
  return createMessage(TaskInfo, {
    name: `task ${id}`,
    taskId: { value: id },
    agentId: { value: AGENT_ID },
    resources: parsed.value,
    command: { value: command },
  });
}

/** A task of the custom executor `executorId`, which runs `command`. */
export function givenCustomTask(
  id: string,
  command = 'executor',
  executorId = 'e1',
  resources = 'cpus:0.5;mem:32',
): TaskInfo {
  return createMessage(TaskInfo, {
    ...givenTask(id),
    command: undefined,
    executor: {
      type: 'CUSTOM',
      executorId: { value: executorId },
      command: { value: command },
      resources: givenTask('any', '', resources).resources,
    },
  });
}

/** The executor of groups. */
export function givenPod(executorId = 'pod'): ExecutorInfo {
  return createMessage(ExecutorInfo, {
    type: 'DEFAULT',
    executorId: { value: executorId },
    resources: givenTask('any', '', 'cpus:0.1;mem:32').resources,
  });
}
