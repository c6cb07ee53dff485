// The campaign in short form, and the proof that it can fail: `npm run test:simulation` runs it long.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import t from 'tap';
import { failureText, runCampaign } from './campaign.ts';
import { runSeed } from './run-seed.ts';
import { SABOTAGES } from './sabotage.ts';

const SEEDS = 60;
/** A planted bug is found within so many seeds. */
const SEEDS_TO_FIND_MAX = 20;

/** What must have happened for a campaign to prove anything. */
const MUST_HAPPEN = [
  ...['ask answered', 'ask failed', 'ask noActor', 'ask stopped', 'ask timeout', 'ask unreachable'],
  ...['exit failed', 'exit stopped', 'exit unreachable', 'restart', 'escalation', 'drain'],
  ...['goodbye', 'end awaited'],
  ...['crashed', 'restarted', 'cut', 'healed', 'disconnected', 'signalLost', 'lost in a crash'],
  ...['dropped', 'duplicated', 'heldBack', 'spawned', 'ended'],
  ...['dead letter full', 'dead letter noActor', 'dead letter stopped', 'dead letter unreachable'],
];

const RULES_OF_SABOTAGE = {
  lose: /every message was handled, is a dead letter, or was lost/,
  swap: /messages of one sender to one receiver arrive in order/,
  // A copy that reaches nobody shows in the books alone.
  repeat: /a message arrives at most once|every message was handled, is a dead letter/,
  phantomExit: /an exit is never told of a live actor/,
  silentExit: /every end is told to those who linked/,
};

t.test(`${SEEDS} random worlds break no rule`, async (t) => {
  const { seedsRun, turns, tally, failed } = await runCampaign({ firstSeed: 1, seeds: SEEDS });
  t.equal(failed && failureText(failed), undefined);
  t.equal(seedsRun, SEEDS);
  t.ok(turns > SEEDS * 100, `${turns} turns`);
  for (const what of MUST_HAPPEN) t.ok((tally.get(what) ?? 0) > 0, `${what} happened`);
});

t.test('a seed gives the same run again, to the last line of its trace', async (t) => {
  const hashes = new Set<string>();
  for (const seed of [3, 17, 23, 42]) {
    const [first, second] = [await runSeed(seed), await runSeed(seed)];
    t.equal(first.hash, second.hash, `seed ${seed}`);
    t.equal(first.turns, second.turns);
    hashes.add(first.hash);
  }
  t.equal(hashes.size, 4, 'and different seeds different ones');
});

for (const sabotage of SABOTAGES) {
  t.test(`a transport that cheats is found out: ${sabotage}`, async (t) => {
    const { failed } = await runCampaign({ firstSeed: 1, seeds: SEEDS_TO_FIND_MAX, sabotage });
    if (!failed) return t.fail('nothing was found');
    const text = failureText(failed);
    t.match(text, RULES_OF_SABOTAGE[sabotage]);
    t.ok(
      text.includes(`npm run test:simulation -- --seed ${failed.seed}\n`),
      'it says how to replay',
    );
    t.ok(failed.lastLines.length > 0, 'it shows what happened last');
    const again = await runSeed(failed.seed, { sabotage });
    t.same(again.violation, failed.violation, 'the seed alone brings it back');
    t.equal((await runSeed(failed.seed)).violation, undefined, 'without the bug the seed is fine');
  });
}

t.test('the command runs seeds, replays one, and refuses what is no number', async (t) => {
  const main = fileURLToPath(new URL('./main.js', import.meta.url));
  const run = (...args: string[]): Promise<{ readonly stdout: string }> =>
    promisify(execFile)(process.execPath, [main, ...args]);
  t.match((await run('--seeds', '3')).stdout, /3 seeds, \d+ turns checked, no rule broken/);
  const replayed = await run('--seed', '3');
  t.ok(
    replayed.stdout.includes(`trace ${(await runSeed(3)).hash}`),
    'the same trace in a new process',
  );
  await t.rejects(run('--seeds', 'many'), { code: 2, stderr: /--seeds takes a whole number/ });
});
