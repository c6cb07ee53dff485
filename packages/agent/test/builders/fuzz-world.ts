// An agent in a simulation to throw calls and messages at: a master that admits it and acknowledges most of
// what it hears, frameworks with tasks and executors, and HTTP without sockets.
import type { ActorSystem } from '@kaon/actor';
import { type AgentState, diskSandboxReader, type RunningAgent, startAgent } from '@kaon/agent';
import { type Containerizer, simulatedContainerizer } from '@kaon/containerizer';
import { standaloneDetector } from '@kaon/election';
import {
  formatUuid,
  type Logger,
  type Random,
  seededRandom,
  silentLogger,
  utf8,
} from '@kaon/primitives';
import { type internal, isTerminal } from '@kaon/protocol';
import {
  type Draft,
  MemoryDisk,
  type ProbeMessage,
  pick,
  type RouteAnswer,
  type RouteRequest,
  Routes,
  Simulation,
  type TestResponseStream,
} from '@kaon/testkit';
import type { Test } from 'tap';
import { stateJson } from '#agent/views/state';
import { HOST, type MasterProbe, spawnMaster, WORK_DIR } from './simulated-agent.ts';

const MASTER = '10.0.0.1:5050';
const AGENT = '10.0.0.2:5051';
const RESOURCES = 'cpus:8;mem:8192;disk:16384;cpus(web):2;mem(web):512;ports:[31000-32000]';
/** Small, so that the limit is met. */
export const TASKS_MAX = 60;
/** Rounds of settling after which a request counts as never answered. */
const ROUNDS_MAX = 5;
/** Often enough for the agent to keep to its master. */
const PASS_MS = 1000;
const START_PASSES = 6;

/** Which executor a stream was opened for. */
export interface OpenStream {
  readonly frameworkId: string;
  readonly executorId: string;
  readonly stream: TestResponseStream;
}

/** The world. What calls destroy is there again before the next case. */
export class FuzzWorld {
  readonly random: Random;
  readonly sim: Simulation;
  readonly streams: OpenStream[] = [];
  /** Tasks of which the master heard anything, and those of which it heard the end, as `framework/task`. */
  readonly heard = new Set<string>();
  readonly ended = new Set<string>();
  /** Tasks that were here when the rules were last looked at, with their frameworks. */
  readonly known = new Map<string, string>();
  /** What was written outside of the work directory. */
  readonly escapes: string[] = [];
  routes = new Routes();
  agentId = '';
  resourceVersion: Uint8Array = new Uint8Array(16);
  /** Set when the agent stopped, and why. */
  stopped: { readonly kind: string; readonly message: string } | undefined;
  starts = 0;
  #agent: RunningAgent | undefined;
  #disk = new MemoryDisk();
  /** Keeps what made the agent fail, so that a failure says it. */
  readonly #logger: Logger = {
    ...silentLogger,
    error: (fields) => {
      if ('err' in fields) this.lastError = fields.err;
    },
    child: () => this.#logger,
  };
  lastError: unknown;
  readonly #master: MasterProbe;
  readonly #containerizer: Containerizer;
  #system: ActorSystem | undefined;
  #agents = 0;

  constructor(seed: number) {
    this.random = seededRandom(seed);
    this.sim = new Simulation({ seed, logger: this.#logger, idleRoundsMax: 2 });
    this.#master = spawnMaster(this.sim.createSystem(MASTER));
    const { random } = this;
    this.#containerizer = simulatedContainerizer({
      clock: this.sim.clock,
      decide: () => {
        if (random.nextInt(20) === 0) return { kind: 'fails', reason: 'as the seed has it' };
        if (random.nextInt(3) > 0) return { kind: 'runs' };
        return {
          kind: 'runs',
          durationMs: random.nextInt(20_000),
          exit: { kind: 'exited', code: random.nextInt(2) },
          stopMs: pick(random, [0, 2000, 'never']),
        };
      },
    });
  }

  /** Starts an agent on the disk as it is; on a new one when the agent before has left. */
  async start({ isNew }: { readonly isNew: boolean }): Promise<void> {
    if (isNew) {
      this.#disk = new MemoryDisk();
      this.#agents += 1;
      this.agentId = `S${this.#agents}`;
    }
    this.#watchDisk();
    await this.#disk.makeDirectory(WORK_DIR);
    // What a crash leaves: not even the streams are ended by the agent.
    this.#agent = undefined;
    this.sim.crash(AGENT);
    for (const { stream } of this.streams.splice(0)) stream.close();
    this.#system = this.sim.createSystem(AGENT);
    this.routes = new Routes();
    this.stopped = undefined;
    const agent = await startAgent({
      system: this.#system,
      http: this.routes.server,
      mountAtRoot: true,
      detector: standaloneDetector({ host: '10.0.0.1', port: 5050 }),
      containerizer: this.#containerizer,
      disk: this.#disk,
      workDir: WORK_DIR,
      host: HOST,
      resources: RESOURCES,
      tasksMax: TASKS_MAX,
      probeLoad: () => ({
        cpus: 4,
        load: { oneMinute: 0, fiveMinutes: 0, fifteenMinutes: 0 },
        memoryFreeBytes: 0,
        memoryTotalBytes: 0,
      }),
      sandboxes: diskSandboxReader(this.#disk),
    });
    this.#agent = agent;
    this.starts += 1;
    void agent.stopped.then((reason) => {
      if (this.#agent === agent) this.stopped = reason;
    });
    if (isNew) {
      this.heard.clear();
      this.ended.clear();
      this.known.clear();
    }
    // Executors of a former run are waited for, and the agent registers after that.
    for (let index = 0; index < START_PASSES; index += 1) await this.pass(PASS_MS);
    if (!this.stopped && (await this.inspect(({ phase }) => phase)) !== 'running') {
      throw new Error('the agent did not register');
    }
  }

  /** As the master, to the agent; all that follows has happened when this resolves. */
  async tell(name: string, body: unknown): Promise<void> {
    const { pid } = this.#agent as RunningAgent;
    this.#master.send(pid, name as 'ping', body as never);
    await this.settle();
  }

  /** Asks the agent's server; undefined when nothing was ever answered. */
  async send(request: RouteRequest): Promise<RouteAnswer | undefined> {
    let answer: RouteAnswer | undefined;
    let failure: unknown;
    this.routes.send(request).then(
      (given) => {
        answer = given;
      },
      (error: unknown) => {
        failure = error;
      },
    );
    for (let round = 0; round < ROUNDS_MAX && !answer && !failure; round += 1) {
      await this.sim.settle();
    }
    await this.settle();
    if (failure !== undefined) throw failure;
    return answer;
  }

  /** A call of a custom executor. Its stream, if it gets one, is kept. */
  async executorCall(
    frameworkId: string,
    executorId: string,
    call: Draft,
  ): Promise<RouteAnswer | undefined> {
    const ids = { framework_id: { value: frameworkId }, executor_id: { value: executorId } };
    const answer = await this.send({
      path: '/api/v1/executor',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: utf8(JSON.stringify({ ...ids, ...call })),
    });
    if (answer?.stream) this.streams.push({ frameworkId, executorId, stream: answer.stream });
    return answer;
  }

  /** All that was sent has been handled, and the master has said what it has to say. */
  async settle(): Promise<void> {
    do await this.sim.settle();
    while (this.#hear());
  }

  /** Time passes: containers end, updates are sent again, executors are given up. */
  async pass(durationMs: number): Promise<void> {
    if (this.#agent && !this.stopped) {
      this.#master.send(this.#agent.pid, 'ping', { connected: true });
    }
    await this.sim.advance(durationMs);
    await this.settle();
  }

  /** A look at the state, which must not be kept. */
  async inspect<T>(read: (state: AgentState) => T): Promise<T> {
    // What throws in the agent's turn would end the agent.
    let seen: { readonly value: T } | { readonly error: unknown } | undefined;
    const looked = (this.#agent as RunningAgent).inspect((state) => {
      try {
        seen = { value: read(state) };
      } catch (error) {
        seen = { error };
      }
    });
    looked.catch(() => undefined);
    for (let round = 0; round < ROUNDS_MAX && !seen; round += 1) await this.sim.settle();
    if (!seen) throw new Error('the agent does not answer');
    if ('error' in seen) throw seen.error;
    return seen.value;
  }

  /** What a client can see of the agent, as one text. */
  picture(): Promise<string> {
    return this.inspect((state) => JSON.stringify(stateJson(state, {})));
  }

  #watchDisk(): void {
    this.#disk.beforeChange = ({ path }) => {
      this.#disk.journal.length = 0;
      const isInside = path === WORK_DIR || path.startsWith(`${WORK_DIR}/`);
      if (!isInside || path.split('/').includes('..')) this.escapes.push(path);
    };
  }

  /** Takes what the master heard and answers it; whether there was anything. */
  #hear(): boolean {
    const messages = (this.#master.messages as ProbeMessage[]).splice(0);
    for (const { name, body } of messages) this.#answer(name, body);
    return messages.length > 0;
  }

  #answer(name: string, body: unknown): void {
    switch (name) {
      case 'registerAgent': {
        const { resourceVersionUuid } = body as internal.RegisterAgentMessage;
        this.#learnVersion(resourceVersionUuid?.value);
        return this.#say('agentRegistered', { agentId: { value: this.agentId } });
      }
      case 'reregisterAgent': {
        const { resourceVersionUuid } = body as internal.ReregisterAgentMessage;
        this.#learnVersion(resourceVersionUuid?.value);
        const agentId = { value: this.agentId };
        return this.#say('agentReregistered', { agentId, reconciliations: [] });
      }
      case 'updateAgent':
        return this.#learnVersion((body as internal.UpdateAgentMessage).resourceVersionUuid?.value);
      case 'statusUpdate':
        return this.#acknowledge((body as internal.StatusUpdateMessage).update);
      case 'updateOperationStatus': {
        const { status, operationUuid } = body as internal.UpdateOperationStatusMessage;
        if (!status.uuid || this.random.nextInt(4) === 0) return;
        return this.#say('acknowledgeOperationStatus', { statusUuid: status.uuid, operationUuid });
      }
    }
  }

  #acknowledge({ frameworkId, status, uuid }: internal.StatusUpdate): void {
    const key = `${frameworkId.value}/${status.taskId.value}`;
    this.heard.add(key);
    if (isTerminal(status.state)) this.ended.add(key);
    if (!uuid || this.random.nextInt(4) === 0) return;
    const agentId = { value: this.agentId };
    this.#say('statusUpdateAcknowledgement', { agentId, frameworkId, taskId: status.taskId, uuid });
  }

  #learnVersion(version: Uint8Array | undefined): void {
    if (version?.length === 16 && formatUuid(version) !== '') this.resourceVersion = version;
  }

  #say(name: string, body: unknown): void {
    this.#master.send((this.#agent as RunningAgent).pid, name as 'ping', body as never);
  }
}

/** A world that ends with the test. */
export async function givenFuzzWorld(t: Test, seed: number): Promise<FuzzWorld> {
  const world = new FuzzWorld(seed);
  t.teardown(() => world.sim.close());
  await world.start({ isNew: true });
  return world;
}
