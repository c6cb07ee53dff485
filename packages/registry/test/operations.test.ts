// What each operation writes and what it refuses.

import { systemClock } from '@kaon/primitives';
import {
  admitAgent,
  type FactWrite,
  markAgentGone,
  markAgentReachable,
  markAgentUnreachable,
  memoryStorage,
  type Operation,
  pruneAgents,
  Registrar,
  removeAgent,
  updateAgent,
  updateWeights,
} from '@kaon/registry';
import t from 'tap';
import { agentInfo, at, masterInfo } from './builders/agents.ts';

async function givenRegistrar(...operations: readonly Operation[]): Promise<Registrar> {
  const registrar = new Registrar({ storage: memoryStorage(), clock: systemClock() });
  await registrar.recover(masterInfo());
  for (const operation of operations) await registrar.apply(operation);
  return registrar;
}

function ids(registrar: Registrar, kind: 'agent' | 'unreachable' | 'gone' | 'weight'): string[] {
  return [...registrar.facts.entries(kind)].map(([id]) => id).sort();
}

const refused = (id: string) => ({
  ok: false,
  error: { code: 'KAON_REGISTRY_OPERATION_REFUSED', id },
});

t.test('an agent is admitted once', async (t) => {
  const registrar = await givenRegistrar();
  t.match(await registrar.apply(admitAgent(agentInfo('a1'))), { ok: true });
  t.match(await registrar.apply(admitAgent(agentInfo('a1'))), refused('a1'));
  t.same(ids(registrar, 'agent'), ['a1']);
  t.equal(registrar.facts.get('agent', 'a1')?.info.hostname, 'node.example');
});

t.test('ids that cannot be keys are refused, not written', async (t) => {
  const registrar = await givenRegistrar();
  for (const id of ['', 'a\n', 'x'.repeat(901)]) {
    t.match(await registrar.apply(admitAgent(agentInfo(id))), refused(id));
    t.match(await registrar.apply(markAgentReachable(agentInfo(id))), refused(id));
  }
  t.same(ids(registrar, 'agent'), []);
});

t.test('an agent may change its info while admitted', async (t) => {
  const registrar = await givenRegistrar(admitAgent(agentInfo('a1')));
  t.match(await registrar.apply(updateAgent(agentInfo('a1', 'moved'))), { ok: true });
  t.equal(registrar.facts.get('agent', 'a1')?.info.hostname, 'moved');
  t.match(await registrar.apply(updateAgent(agentInfo('a2'))), refused('a2'));
});

t.test('silent agents become unreachable and come back', async (t) => {
  const registrar = await givenRegistrar(admitAgent(agentInfo('a1')));
  t.match(await registrar.apply(markAgentUnreachable('a1', at(7))), { ok: true });
  t.same([ids(registrar, 'agent'), ids(registrar, 'unreachable')], [[], ['a1']]);
  t.equal(registrar.facts.get('unreachable', 'a1')?.timestamp.nanoseconds, 7e6);
  t.match(await registrar.apply(markAgentUnreachable('a1', at(8))), refused('a1'));
  t.match(await registrar.apply(admitAgent(agentInfo('a1'))), refused('a1'));
  t.match(await registrar.apply(markAgentReachable(agentInfo('a1'))), { ok: true });
  t.same([ids(registrar, 'agent'), ids(registrar, 'unreachable')], [['a1'], []]);
});

t.test('coming back twice is fine, and so is coming back forgotten', async (t) => {
  const registrar = await givenRegistrar(admitAgent(agentInfo('a1')));
  const commits = registrar.stats.commits;
  t.match(await registrar.apply(markAgentReachable(agentInfo('a1'))), { ok: true });
  t.equal(registrar.stats.commits, commits, 'nothing to write, nothing written');
  t.match(await registrar.apply(markAgentReachable(agentInfo('a9'))), { ok: true });
  t.same(ids(registrar, 'agent'), ['a1', 'a9']);
});

t.test('gone agents stay gone', async (t) => {
  const registrar = await givenRegistrar(
    admitAgent(agentInfo('a1')),
    admitAgent(agentInfo('a2')),
    markAgentUnreachable('a2', at(1)),
  );
  for (const id of ['a1', 'a2', 'a1']) {
    t.match(await registrar.apply(markAgentGone(id, at(5))), { ok: true });
  }
  t.same(
    [ids(registrar, 'agent'), ids(registrar, 'unreachable'), ids(registrar, 'gone')],
    [[], [], ['a1', 'a2']],
  );
  t.match(await registrar.apply(markAgentReachable(agentInfo('a1'))), refused('a1'));
  t.match(await registrar.apply(admitAgent(agentInfo('a1'))), refused('a1'));
  t.match(await registrar.apply(markAgentGone('never', at(5))), refused('never'));
});

t.test('only admitted agents are removed', async (t) => {
  const registrar = await givenRegistrar(admitAgent(agentInfo('a1')));
  t.match(await registrar.apply(removeAgent('a1')), { ok: true });
  t.match(await registrar.apply(removeAgent('a1')), refused('a1'));
  t.same(ids(registrar, 'agent'), []);
});

t.test('pruning forgets the old, then the oldest beyond the limit', async (t) => {
  const operations: Operation[] = [];
  for (let index = 0; index < 6; index += 1) {
    operations.push(
      admitAgent(agentInfo(`a${index}`)),
      markAgentUnreachable(`a${index}`, at(index * 1000)),
    );
  }
  const registrar = await givenRegistrar(...operations);
  await registrar.apply(markAgentGone('a5', at(5000)));
  await registrar.apply(pruneAgents({ nowMs: 6000, ageMaxMs: 5000, agentsMax: 3 }));
  t.same(ids(registrar, 'unreachable'), ['a2', 'a3', 'a4']);
  t.same(ids(registrar, 'gone'), ['a5']);
  await registrar.apply(pruneAgents({ nowMs: 6000 + 14 * 24 * 3_600_000 }));
  t.same([ids(registrar, 'unreachable'), ids(registrar, 'gone')], [[], []]);
});

t.test('weights are kept by role, that of 1 too', async (t) => {
  const registrar = await givenRegistrar();
  await registrar.apply(
    updateWeights([
      { role: 'a', weight: 2 },
      { role: 'b/c', weight: 1 },
    ]),
  );
  t.same(ids(registrar, 'weight'), ['a', 'b/c']);
  await registrar.apply(updateWeights([{ role: 'a', weight: 1 }]));
  t.equal(registrar.facts.get('weight', 'a')?.info.weight, 1);
  t.match(await registrar.apply(updateWeights([{ role: 'a', weight: 0 }])), refused('a'));
  t.match(await registrar.apply(updateWeights([{ weight: 2 }])), refused(''));
});

t.test('operations see the writes of those before them in the same commit', async (t) => {
  const registrar = await givenRegistrar();
  const { commits } = registrar.stats;
  const outcomes = await Promise.all([
    registrar.apply(admitAgent(agentInfo('a1'))),
    registrar.apply(admitAgent(agentInfo('a1'))),
    registrar.apply(markAgentUnreachable('a1', at(1))),
    registrar.apply({
      name: 'count',
      plan: (facts) => {
        const writes: FactWrite[] = [];
        t.same([...facts.entries('agent')], []);
        t.same([...facts.entries('unreachable')].length, 1);
        return { ok: true, value: writes };
      },
    }),
  ]);
  t.same(
    outcomes.map((outcome) => outcome.ok),
    [true, false, true, true],
  );
  t.equal(registrar.stats.commits, commits + 1);
});
