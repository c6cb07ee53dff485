// `npm run test:simulation -- --seeds 1000`: the campaign from the command line. `--seed N` replays one
// seed and compares two runs of it, `--first N` says where to begin.
import { parseArgs } from 'node:util';
import { failureText, runCampaign, tallyText } from './campaign.ts';
import { runSeed } from './run-seed.ts';

const SEEDS_DEFAULT = 1000;
const PROGRESS_EVERY_SEEDS = 100;

const { values } = parseArgs({
  options: { seeds: { type: 'string' }, seed: { type: 'string' }, first: { type: 'string' } },
});

function wholeNumber(text: string | undefined, name: string, otherwise: number): number {
  const value = text === undefined ? otherwise : Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  console.error(`--${name} takes a whole number, not '${text}'`);
  process.exit(2);
}

async function replay(seed: number): Promise<void> {
  const first = await runSeed(seed);
  const second = await runSeed(seed);
  const { workloads, turns, tally, hash } = first;
  console.log(`seed ${seed} (${workloads.join(', ')}): ${turns} turns, trace ${hash}`);
  console.log(tallyText(tally));
  if (first.violation) console.log(failureText(first));
  if (second.hash !== hash) console.log(`not repeatable: the second run gave ${second.hash}`);
  process.exitCode = first.violation || second.hash !== hash ? 1 : 0;
}

async function campaign(firstSeed: number, seeds: number): Promise<void> {
  const startedMs = performance.now();
  let done = 0;
  let turns = 0;
  const rate = (): string => (done / ((performance.now() - startedMs) / 1000)).toFixed(1);
  const result = await runCampaign({
    firstSeed,
    seeds,
    onResult: (one) => {
      done += 1;
      turns += one.turns;
      if (done % PROGRESS_EVERY_SEEDS !== 0) return;
      console.log(`${done} of ${seeds} seeds, ${turns} turns, ${rate()} seeds/s`);
    },
  });
  if (result.failed) {
    console.log(failureText(result.failed));
    process.exitCode = 1;
    return;
  }
  console.log(tallyText(result.tally));
  console.log(`${done} seeds, ${turns} turns checked, no rule broken, ${rate()} seeds/s`);
}

if (values.seed !== undefined) await replay(wholeNumber(values.seed, 'seed', 0));
else
  await campaign(
    wholeNumber(values.first, 'first', 1),
    wholeNumber(values.seeds, 'seeds', SEEDS_DEFAULT),
  );
