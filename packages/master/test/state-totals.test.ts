// Sums that are kept while the state changes are what counting everything anew finds.
import { seededRandom } from '@kaon/primitives';
import { createMessage, idRecord, type Resource, Task, type TaskState } from '@kaon/protocol';
import { fromMilli, type Resources } from '@kaon/resources';
import t from 'tap';
import type { MasterState } from '#master/state/master-state';
import { type ResourceSums, SUMMED_KINDS } from '#master/state/state-totals';
import { usedOfAgent } from '#master/views/usage';
import { GivenMaster } from './builders/given-master.ts';
import { RandomHistory } from './builders/random-history.ts';

function sums(parts: readonly Resources[]): ResourceSums {
  const of = (pick: (part: Resources) => Resources): number[] =>
    SUMMED_KINDS.map((kind) => parts.reduce((sum, part) => sum + pick(part).scalarMilli(kind), 0));
  return {
    nonRevocable: of((part) => part.nonRevocable()),
    revocable: of((part) => part.revocable()),
  };
}

function counted(state: MasterState) {
  const agents = [...state.agents.values()];
  return {
    total: sums(agents.map(({ totalResources }) => totalResources)),
    used: sums(agents.map((agent) => usedOfAgent(state, agent))),
    tasks: [...state.frameworks.values()].map(({ id, tasks }) => {
      const counts = new Map<TaskState, number>();
      for (const { state } of tasks.values()) counts.set(state, (counts.get(state) ?? 0) + 1);
      return [id, counts];
    }),
  };
}

function kept({ totals, frameworks }: MasterState) {
  const { total, used } = totals;
  const plain = ({ nonRevocable, revocable }: ResourceSums): ResourceSums => ({
    nonRevocable: [...nonRevocable],
    revocable: [...revocable],
  });
  return {
    total: plain(total),
    used: plain(used),
    tasks: [...frameworks.keys()].map((id) => [
      id,
      new Map([...totals.tasksOf(id)].filter(([, count]) => count !== 0)),
    ]),
  };
}

t.test('whatever happens, the sums are those of everything counted anew', async (t) => {
  let seenUse = 0;
  for (let seed = 1; seed <= 8; seed += 1) {
    const history = new RandomHistory(seededRandom(seed));
    for (let step = 0; step < 600; step += 1) {
      history.step();
      if (step % 20 !== 0) continue;
      const found = kept(history.state);
      t.same(found, counted(history.state), `seed ${seed}, step ${step}`);
      if (found.used.nonRevocable.some((milli) => milli > 0)) seenUse += 1;
    }
  }
  t.ok(seenUse > 100, 'resources were in use most of the time');
});

t.test('a shared volume counts once, for as long as one task has it', async (t) => {
  const { state } = new GivenMaster().framework('f1').agent('a1', 'cpus:8;mem:64;disk:1000');
  const allocationInfo = { role: 'web' };
  const cpus: Resource = {
    name: 'cpus',
    type: 'SCALAR',
    scalar: { value: 1 },
    reservations: [],
    allocationInfo,
  };
  const volume: Resource = {
    name: 'disk',
    type: 'SCALAR',
    scalar: { value: 100 },
    reservations: [{ type: 'DYNAMIC', role: 'web' }],
    disk: { persistence: { id: 'v1' }, volume: { mode: 'RW', containerPath: 'v' } },
    shared: {},
    allocationInfo,
  };
  const launch = (id: string) =>
    state.addTask(
      createMessage(Task, {
        name: 'n',
        taskId: idRecord(id),
        frameworkId: idRecord('f1'),
        agentId: idRecord('a1'),
        state: 'TASK_RUNNING',
        resources: [cpus, volume],
      }),
    );
  const [first, second] = [launch('t1'), launch('t2')];
  const used = () => state.totals.used.nonRevocable.map(fromMilli);
  t.same(used(), [2, 100, 0, 0], 'cpus, disk, gpus, mem');
  state.removeTask(first, 'completed');
  t.same(used(), [1, 100, 0, 0]);
  const status = { taskId: idRecord('t2'), state: 'TASK_FINISHED' } as const;
  second.apply({ status, latestState: 'TASK_FINISHED', uuid: undefined });
  t.same(used(), [0, 0, 0, 0], 'nothing is in use by what has ended');
});
