// The scheduler of `launch path`: a driver that takes one offer of every agent and launches its share on each.
import type { Offer } from '@kaon/protocol';
import { startNode } from '@kaon/remote';
import { MesosSchedulerDriver, type Scheduler, type SchedulerTransport } from '@kaon/scheduler';
import { percentile } from '../../harness.ts';
import { serveParent } from './child.ts';

/** What one burst came to. */
export interface BurstResult {
  readonly seconds: number;
  /** From the accept of a task to its `TASK_RUNNING`. */
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const [master, transport, agents] = process.argv.slice(2) as [string, SchedulerTransport, string];
const node = transport === 'actor' ? await startNode() : undefined;
const nothing = (): void => undefined;

let driver: MesosSchedulerDriver | undefined;
let offers = new Map<string, Offer>();
let onStatus: (taskId: string, state: string) => void = nothing;

/** Subscribes a new framework; resolves when it has an offer of every agent. */
function prepare(): Promise<void> {
  offers = new Map();
  return new Promise((resolve, reject) => {
    const scheduler: Scheduler = {
      registered: nothing,
      reregistered: nothing,
      disconnected: () => fail(new Error('the scheduler was disconnected')),
      resourceOffers: (_driver, made) => {
        for (const offer of made) offers.set(offer.agentId.value, offer);
        if (offers.size === Number(agents)) resolve();
      },
      offerRescinded: nothing,
      statusUpdate: (_driver, { taskId, state }) => onStatus(taskId.value, state),
      frameworkMessage: nothing,
      slaveLost: () => fail(new Error('an agent was lost')),
      executorLost: nothing,
      error: (_driver, message) => fail(new Error(message)),
    };
    function fail(error: Error): void {
      console.error(error.message);
      reject(error);
      process.exit(1);
    }
    const options = { transport, encoding: 'json', system: node?.system } as const;
    const framework = { name: 'bench' };
    driver = new MesosSchedulerDriver(scheduler, framework, master, true, undefined, options);
    driver.start();
  });
}

/** Launches `tasks` and resolves when all of them run. */
function launch(tasks: number): Promise<BurstResult> {
  const each = Math.ceil(tasks / Number(agents));
  const acceptedMs = new Map<string, number>();
  const latenciesMs: number[] = [];
  return new Promise((resolve) => {
    const startedMs = performance.now();
    onStatus = (taskId, state) => {
      const fromMs = acceptedMs.get(taskId);
      if (fromMs === undefined || state !== 'TASK_RUNNING') {
        console.error(`${taskId} is ${state}`);
        process.exit(1);
      }
      acceptedMs.delete(taskId);
      latenciesMs.push(performance.now() - fromMs);
      if (latenciesMs.length < tasks) return;
      resolve({
        seconds: (performance.now() - startedMs) / 1000,
        p50Ms: percentile(latenciesMs, 0.5),
        p99Ms: percentile(latenciesMs, 0.99),
      });
    };
    let launched = 0;
    for (const { id, agentId } of offers.values()) {
      const share = Math.min(each, tasks - launched);
      const infos = Array.from({ length: share }, () => {
        launched += 1;
        const value = `task-${launched}`;
        acceptedMs.set(value, performance.now());
        return {
          name: value,
          taskId: { value },
          agentId,
          command: { value: 'exec sleep 1000' },
          resources: [
            { name: 'cpus', type: 'SCALAR', scalar: { value: 0.1 } },
            { name: 'mem', type: 'SCALAR', scalar: { value: 32 } },
          ],
        } as const;
      });
      driver?.launchTasks(id, infos);
    }
  });
}

async function end(): Promise<void> {
  driver?.stop();
  await driver?.join();
}

serveParent('', () => 0, { prepare, launch, end });
