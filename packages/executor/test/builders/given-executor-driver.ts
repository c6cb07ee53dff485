// An executor's driver before an agent played by the test, in virtual time.
import {
  type ExecutorCall,
  type ExecutorCallRefusal,
  type ExecutorConnection,
  MesosExecutorDriver,
  type SubscriptionEvents,
} from '@kaon/executor';
import {
  createMessage,
  executorV1,
  LEGACY_AGENT_ACTOR,
  LEGACY_ENVIRONMENT,
  type MessageInit,
} from '@kaon/protocol';
import { Simulation } from '@kaon/testkit';
import type { Test } from 'tap';
import { ExecutorRecorder } from './executor-recorder.ts';

/** A connection whose agent is the test. */
export class FakeAgentConnection implements ExecutorConnection {
  readonly subscriptions: executorV1.Call_Subscribe[] = [];
  readonly calls: ExecutorCall[] = [];
  isClosed = false;
  /** What the next calls come to. */
  answer: () => Promise<ExecutorCallRefusal | undefined> = async () => undefined;
  #events: SubscriptionEvents | undefined;

  subscribe(subscribe: executorV1.Call_Subscribe, events: SubscriptionEvents): void {
    this.subscriptions.push(subscribe);
    this.#events = events;
  }
  call(call: ExecutorCall): Promise<ExecutorCallRefusal | undefined> {
    this.calls.push(call);
    return this.answer();
  }
  close(): void {
    this.isClosed = true;
  }
  event(init: MessageInit<executorV1.Event>): void {
    this.#events?.event(createMessage<executorV1.Event>(executorV1.Event, init));
  }
  end(reason = 'the agent ended the stream', status?: number): void {
    this.#events?.ended(reason, status);
  }
}

export const VARIABLES = {
  MESOS_FRAMEWORK_ID: 'fw-1',
  MESOS_EXECUTOR_ID: 'e1',
  [LEGACY_ENVIRONMENT.agentId]: 'a1',
  [LEGACY_ENVIRONMENT.agentPid]: `${LEGACY_AGENT_ACTOR}@10.0.0.1:5051`,
  MESOS_AGENT_ENDPOINT: '10.0.0.1:5051',
  MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD: '7secs',
};

/** What agents add for frameworks that checkpoint. */
export const CHECKPOINTING = {
  ...VARIABLES,
  MESOS_CHECKPOINT: '1',
  MESOS_RECOVERY_TIMEOUT: '2mins',
  MESOS_SUBSCRIPTION_BACKOFF_MAX: '4secs',
};

export const SUBSCRIBED: MessageInit<executorV1.Event> = {
  type: 'SUBSCRIBED',
  subscribed: {
    executorInfo: { executorId: { value: 'e1' } },
    frameworkInfo: { user: 'u', name: 'test' },
    agentInfo: { hostname: 'host-1' },
  },
};

export function launch(id: string): MessageInit<executorV1.Event> {
  const task = { name: id, taskId: { value: id }, agentId: { value: 'a1' } };
  return { type: 'LAUNCH', launch: { task } };
}

export interface GivenExecutorOptions {
  readonly variables?: Readonly<Record<string, string>>;
  readonly isStarted?: boolean;
  readonly isSubscribed?: boolean;
}

export async function givenExecutorDriver(
  t: Test,
  {
    variables = CHECKPOINTING,
    isStarted = true,
    isSubscribed = isStarted,
  }: GivenExecutorOptions = {},
) {
  const sim = new Simulation({ seed: 1 });
  const agent = new FakeAgentConnection();
  const executor = new ExecutorRecorder();
  const system = sim.createSystem('executor.example:1');
  const killed: number[] = [];
  const driver = new MesosExecutorDriver(executor, {
    variables,
    system,
    connection: agent,
    killProcessGroup: () => killed.push(sim.clock.nowMs()),
  });
  t.teardown(async () => {
    driver.abort();
    await sim.close();
  });
  const tell = async (init: MessageInit<executorV1.Event>): Promise<void> => {
    agent.event(init);
    await sim.settle();
  };
  if (isStarted) driver.start();
  await sim.settle();
  if (isSubscribed) await tell(SUBSCRIBED);
  /** Ends the driver without waiting for acknowledgements. */
  return { sim, agent, executor, driver, killed, tell, system };
}
