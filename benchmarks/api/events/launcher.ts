// The scheduler of `master's events`: launches tasks all at once or one by one. A task is named by the time at which
// it was launched, so that whoever hears of it knows how old the news is.
import type { Offer } from '@kaon/protocol';
import { startNode } from '@kaon/remote';
import { MesosSchedulerDriver, type Scheduler } from '@kaon/scheduler';
import { serveParent } from '../launch/child.ts';

/** A burst or a row of single launches. */
export interface Launched {
  /** When the first was launched, in milliseconds of the wall clock. */
  readonly startedMs: number;
}

const [master, agents, paceText, noteText] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
];
/** Time between two launches of `pace`. */
const paceMs = Number(paceText);
/** Makes events as large as they are wanted. */
const labels = { labels: [{ key: 'note', value: 'x'.repeat(Number(noteText)) }] };
const AT_ONCE = { refuseSeconds: 0 };
const node = await startNode();
const nothing = (): void => undefined;
const offers = new Map<string, Offer>();
let onOffers = nothing;
let onRunning = nothing;
let launched = 0;
let running = 0;

function fail(sentence: string): void {
  console.error(sentence);
  process.exit(1);
}

const scheduler: Scheduler = {
  registered: nothing,
  reregistered: nothing,
  disconnected: () => fail('the scheduler was disconnected'),
  resourceOffers(_driver, made) {
    for (const offer of made) offers.set(offer.agentId.value, offer);
    onOffers();
  },
  offerRescinded: nothing,
  statusUpdate(_driver, { taskId, state }) {
    if (state !== 'TASK_RUNNING') fail(`${taskId.value} is ${state}`);
    running += 1;
    onRunning();
  },
  frameworkMessage: nothing,
  slaveLost: () => fail('an agent was lost'),
  executorLost: nothing,
  error: (_driver, message) => fail(message),
};

const nowMs = (): number => performance.timeOrigin + performance.now();

function taskOn({ agentId }: Offer) {
  launched += 1;
  return {
    name: nowMs().toFixed(3),
    taskId: { value: `task-${launched}` },
    agentId,
    command: { value: 'exec sleep 1000' },
    ...(noteText !== '0' && { labels }),
    resources: [
      { name: 'cpus', type: 'SCALAR', scalar: { value: 0.1 } },
      { name: 'mem', type: 'SCALAR', scalar: { value: 32 } },
    ],
  } as const;
}

function launchOn(offer: Offer, count: number): void {
  offers.delete(offer.agentId.value);
  const tasks = Array.from({ length: count }, () => taskOn(offer));
  driver.launchTasks(offer.id, tasks, AT_ONCE);
}

/** Resolves when there is an offer of every agent again. */
function offered(): Promise<void> {
  return new Promise((resolve) => {
    onOffers = () => {
      if (offers.size < Number(agents)) return;
      onOffers = nothing;
      resolve();
    };
    onOffers();
  });
}

function allRunning(): Promise<void> {
  return new Promise((resolve) => {
    onRunning = () => {
      if (running < launched) return;
      onRunning = nothing;
      resolve();
    };
    onRunning();
  });
}

async function burst(tasks: number): Promise<Launched> {
  const startedMs = nowMs();
  const each = Math.ceil(tasks / Number(agents));
  let left = tasks;
  for (const offer of [...offers.values()]) {
    launchOn(offer, Math.min(each, left));
    left -= Math.min(each, left);
    if (left === 0) break;
  }
  await allRunning();
  return { startedMs };
}

async function pace(tasks: number): Promise<Launched> {
  const startedMs = nowMs();
  for (let index = 0; index < tasks; index += 1) {
    const dueMs = startedMs + index * paceMs;
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, dueMs - nowMs())));
    const [offer] = offers.values();
    if (offer === undefined) fail('there is no offer left');
    else launchOn(offer, 1);
  }
  await allRunning();
  return { startedMs };
}

const options = { transport: 'actor', system: node.system } as const;
const framework = { name: 'bench' };
const driver = new MesosSchedulerDriver(scheduler, framework, master, true, undefined, options);
driver.start();
await offered();
serveParent('', () => 0, { offered, burst, pace });
