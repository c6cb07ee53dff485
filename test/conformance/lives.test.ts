// The lives of frameworks that were recorded with a real Mesos are lived again, over bare sockets and with an
// executor of its own where there was one: every event and answer is the recorded one, up to ids and times.
import t from 'tap';
import { Explanations, KNOWN_IN_LIVES } from './known-differences.ts';
import { lifeWithoutChecks } from './life-checks.ts';
import { executorDifferences, givenStage, play } from './life-stage.ts';
import { lifeOf } from './lives.ts';

/** In the order of the recording, each with what was left of those before it. */
const LIVES = [
  '01-lifecycle',
  '02-task-group',
  '03-operations',
  '04-failover',
  '06-rescind-agent-gone',
  '07-invalid-tasks',
  '08-maintenance-inverse-offers',
  '09-multi-role-update-framework',
  '10-subscribe-errors',
  '11-protobuf',
  '05-custom-executor',
];

const explanations = new Explanations(KNOWN_IN_LIVES);

t.test('lives of frameworks are as recorded', async (t) => {
  const stage = await givenStage(t);
  for (const name of LIVES) {
    await t.test(name, async (t) => {
      const found = await play(t, stage, lifeWithoutChecks(lifeOf(name)));
      t.same(explanations.unexplained(`scheduler/${name}`, found), []);
    });
  }
  await t.test('every difference that is listed is met', async (t) => {
    t.same(explanations.unmet, []);
  });
  for (const id of ['exec-1', 'exec-2', 'exec-3']) {
    await t.test(`executor ${id}`, async (t) => {
      t.same(await executorDifferences(stage, id), []);
    });
  }
});

t.test('a framework of two roles with an executor that goes on is as recorded', async (t) => {
  const stage = await givenStage(t);
  await t.test('20-background', async (t) => {
    t.same(await play(t, stage, lifeOf('20-background')), []);
  });
  await t.test('executor bg-exec', async (t) => {
    t.same(await executorDifferences(stage, 'bg-exec'), []);
  });
});

t.test('a recording that tells of something else is not met', async (t) => {
  const stage = await givenStage(t);
  const changed = lifeOf('10-subscribe-errors').map((line) =>
    line.kind === 'event' && line.text.includes('duplicate items')
      ? { ...line, text: line.text.replace('duplicate items', 'the same twice') }
      : line,
  );
  const found = await play(t, stage, changed.slice(0, 30));
  t.same(
    found.map(({ path }) => path),
    ['ERROR error/message'],
  );
});

t.test('a recording that tells in another order is not met', async (t) => {
  const stage = await givenStage(t);
  const lines = [...lifeOf('06-rescind-agent-gone')];
  const at = lines.findIndex((line) => line.kind === 'event' && line.text.includes('"RESCIND"'));
  const [rescind, failure] = lines.splice(at, 2);
  if (rescind === undefined || failure === undefined) throw new Error('the life is another one');
  const found = await play(t, stage, [...lines.slice(0, at), failure, rescind]);
  t.match(
    found.filter(({ path }) => path.endsWith('(order)')),
    [{ path: 'RESCIND (order)', what: 'after FAILURE then, before it today' }],
  );
});
