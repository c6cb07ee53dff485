// What operators changed in a recorded cluster is changed again, in the same order, in one that starts as that one
// did: every answer is the recorded one, and so is all that is told of the cluster afterwards.
import t, { type Test } from 'tap';
import { Explanations, KNOWN_IN_WRITES } from './known-differences.ts';
import type { LifePlayer } from './life-player.ts';
import { givenPlayer, givenStage, play, replayOn, type Stage } from './life-stage.ts';
import { lifeOf } from './lives.ts';
import { subscribeToEvents } from './operator-events.ts';
import { exchange } from './raw-http.ts';
import { contradictedRows } from './table.ts';
import { AFTER_TEARDOWN, TEARDOWN, WRITES, type Write } from './writes.ts';

const explanations = new Explanations(KNOWN_IN_WRITES);
const replayed = new Set<string>();
const differing = new Set<string>();

t.test('what operators changed is answered again', async (t) => {
  const stage = await givenStage(t);
  const background = givenPlayer(t, stage);
  const end = lifeOf('20-background-end');
  const [suppressed, lost, closed] = [end.slice(0, 2), end.slice(2, 3), end.slice(3)];
  t.same(await background.play(lifeOf('20-background')), [], 'a framework is there');
  for (const write of WRITES) await perform(t, stage, write);

  // It steps back for another one, which sees an agent leave and come back.
  t.same(await background.play(suppressed), []);
  await stepBack(stage, background);
  const events = await subscribeToEvents(t, stage);
  t.same(await play(t, stage, lifeOf('21-event-stream-framework')), [], 'another lives');
  await t.test('operators who have subscribed see what was recorded', async (t) => {
    const found = await events.differences();
    t.same(explanations.unexplained('master/api_v1/SUBSCRIBE', found), []);
  });
  t.same(await background.play(lost), [], 'it saw the agent leave as well');

  await perform(t, stage, TEARDOWN);
  t.same(await background.play(closed), [], 'its stream has ended');
  for (const write of AFTER_TEARDOWN) await perform(t, stage, write);
  t.same(explanations.unmet, [], 'every difference that is listed is met');
  t.same(contradictedRows(replayed, differing), [], 'the table says what the replay found');
});

async function perform(t: Test, stage: Stage, write: Write): Promise<void> {
  if (write === 'all is offered') {
    await untilOffered(stage);
    return;
  }
  if (write === 'nothing runs') {
    await untilNothingRuns(stage);
    return;
  }
  if (typeof write === 'string') {
    const found = await replayOn(stage, write);
    replayed.add(write);
    if (found.length > 0) differing.add(write);
    t.same(explanations.unexplained(write, found), [], write);
    return;
  }
  const { status } = await exchange(stage.nodes.addresses[5050], {
    method: 'POST',
    path: '/api/v1',
    headers: [['Content-Type', 'application/json']],
    body: stage.names.forToday(JSON.stringify(write.unrecorded)),
  });
  t.equal(Math.floor(status / 100), 2, String(write.unrecorded['type']));
}

/** Then executors were still ending; here they have ended, so that it is the same at any speed. */
async function untilNothingRuns({ nodes }: Stage): Promise<void> {
  const request = { method: 'GET', path: '/state', headers: [] };
  for (;;) {
    const { body } = await exchange(nodes.addresses[5051], request);
    if ((JSON.parse(body) as { readonly frameworks: readonly object[] }).frameworks.length === 0)
      return;
  }
}

interface Agent {
  readonly deactivated: boolean;
  readonly offered_resources: { readonly disk: number };
  readonly unreserved_resources: { readonly disk: number };
  readonly reserved_resources: { readonly ops?: object };
  readonly offered_resources_full: readonly { readonly reservations?: object }[];
}

/** Answers of then tell what was offered, and all was. */
async function untilOffered(stage: Stage): Promise<void> {
  while (!(await agentsOf(stage)).every(isOffered));
}

/** Gives back what is offered, whenever it arrives. */
async function stepBack(stage: Stage, player: LifePlayer): Promise<void> {
  const isFree = ({ offered_resources_full }: Agent) => offered_resources_full.length === 0;
  do await player.giveBackAll(3600);
  while (!(await agentsOf(stage)).every(isFree));
}

async function agentsOf({ nodes }: Stage): Promise<readonly Agent[]> {
  const request = { method: 'GET', path: '/slaves', headers: [] };
  const { body } = await exchange(nodes.addresses[5050], request);
  return (JSON.parse(body) as { readonly slaves: readonly Agent[] }).slaves;
}

/** The disk that is for everybody, of which neither tasks nor quotas take any, and what is set aside for ops. */
function isOffered(agent: Agent): boolean {
  const { offered_resources, unreserved_resources, reserved_resources } = agent;
  const isWhole = offered_resources.disk === unreserved_resources.disk;
  const ofOps = agent.offered_resources_full.some(({ reservations }) => reservations !== undefined);
  return agent.deactivated || (isWhole && ofOps === (reserved_resources.ops !== undefined));
}
