// What must hold of an agent at any time, whatever it was sent.
import type { AgentState } from '@kaon/agent';
import { createMessage, Resource, validateId } from '@kaon/protocol';
import { isShared } from '@kaon/resources';
import { type FuzzWorld, TASKS_MAX } from './fuzz-world.ts';

/** More than any agent has. */
const TOO_MUCH = 1e9;
const SCALARS = ['cpus', 'mem', 'disk'];
/** Updates and operations that wait, at most: see the README's limits. */
const UPDATES_MAX = 1001;
const STREAMS_MAX = 2 * TASKS_MAX;
const OPERATIONS_MAX = 1000;

/** Everything that is wrong, in sentences. */
export function brokenRules(state: AgentState, world: FuzzWorld): string[] {
  return [
    ...world.escapes.map((path) => `${path} was written, which is outside of the work directory`),
    ...scalarProblems(state),
    ...portProblems(state),
    ...lostTasks(state, world),
    ...streamProblems(state, world),
    ...boundProblems(state),
  ];
}

function inUse(state: AgentState): readonly Resource[] {
  const used: Resource[] = [];
  for (const executor of state.allExecutors()) {
    if (executor.isLive && !executor.isCommand) used.push(...executor.info.resources);
    for (const { isTerminal, task } of executor.tasks.values()) {
      if (!isTerminal) used.push(...task.resources);
    }
  }
  return used.filter((resource) => !isShared(resource));
}

function sumMilli(resources: readonly Resource[], name: string): number {
  const values = resources.filter((one) => one.name === name).map(({ scalar }) => scalar?.value);
  return values.reduce<number>((sum, value = 0) => sum + Math.round(value * 1000), 0);
}

/** Used and free are all there is. */
function* scalarProblems(state: AgentState): Generator<string> {
  const used = inUse(state);
  const total = state.resources.total.toRecords();
  for (const name of SCALARS) {
    const all = { name, type: 'SCALAR', scalar: { value: TOO_MUCH } } as const;
    const shortage = state.shortageNow([createMessage(Resource, all)]);
    const freeMilli = Math.round(Number(shortage?.available) * 1000);
    const usedMilli = sumMilli(used, name);
    const totalMilli = sumMilli(total, name);
    if (freeMilli + usedMilli !== totalMilli || freeMilli < 0 || usedMilli < 0) {
      yield `${name}: ${usedMilli} used and ${freeMilli} free are not ${totalMilli} thousandths`;
    }
  }
}

function* portProblems(state: AgentState): Generator<string> {
  const ranges = inUse(state).flatMap((one) => (one.name === 'ports' && one.ranges?.range) || []);
  ranges.sort((left, right) => left.begin - right.begin);
  for (const [index, { begin, end }] of ranges.entries()) {
    if (begin > end || begin < 31_000 || end > 32_000) yield `ports ${begin}-${end} are in use`;
    const before = ranges[index - 1];
    if (before && before.end >= begin) yield `port ${begin} is in use twice`;
  }
}

/** A task that was taken in is here, or the master heard of its end; unless its framework was shut down. */
function* lostTasks(state: AgentState, world: FuzzWorld): Generator<string> {
  const { known } = world;
  for (const framework of state.frameworks.values()) {
    if (!validateId(framework.id).ok) yield `'${framework.id}' is a framework, and no id`;
    if (framework.phase !== 'running') continue;
    for (const record of framework.tasks()) {
      const key = `${framework.id}/${record.id}`;
      known.set(key, framework.id);
      const isHeard = !record.isTerminal || state.stream(framework.id, record.id) !== undefined;
      if (!isHeard) yield `${key} has ended, and nobody will hear it`;
    }
  }
  for (const [key, frameworkId] of known) {
    const framework =
      state.frameworks.get(frameworkId) ?? state.completedFrameworks.get(frameworkId);
    const isExpected = framework?.phase === 'running';
    const taskId = key.slice(frameworkId.length + 1);
    if (isExpected && state.findTask(frameworkId, taskId)) continue;
    known.delete(key);
    if (isExpected && !world.ended.has(key)) yield `${key} was lost`;
  }
}

/** An executor has one stream while it lives, and none after. */
function* streamProblems(state: AgentState, world: FuzzWorld): Generator<string> {
  const open = world.streams.filter(({ stream }) => stream.isOpen);
  world.streams.splice(0, world.streams.length, ...open);
  const seen = new Set<string>();
  for (const { frameworkId, executorId } of open) {
    const key = `${frameworkId}/${executorId}`;
    if (seen.has(key)) yield `${key} has two streams`;
    seen.add(key);
    const executor = state.frameworks.get(frameworkId)?.executors.get(executorId);
    if (!executor?.isLive) yield `${key} has a stream, and is not there`;
  }
}

function* boundProblems(state: AgentState): Generator<string> {
  const { taskCount, streamCount, operations } = state;
  if (taskCount > TASKS_MAX) yield `${taskCount} tasks`;
  if (streamCount > STREAMS_MAX) yield `${streamCount} streams`;
  if (operations.size > OPERATIONS_MAX) yield `${operations.size} operations`;
  for (const { pendingCount, frameworkId, taskId } of state.streams) {
    for (const id of [frameworkId, taskId]) {
      if (!validateId(id).ok) yield `updates of '${id}', which is no id`;
    }
    if (pendingCount > UPDATES_MAX) yield `${pendingCount} updates of ${taskId}`;
  }
}
