// Many seeds in a row, until one breaks a rule.
import { type RunOptions, type RunResult, runSeed } from './run-seed.ts';

/** What to run. */
export interface CampaignOptions extends RunOptions {
  readonly firstSeed: number;
  readonly seeds: number;
  /** Told after each seed. */
  readonly onResult?: (result: RunResult) => void;
}

/** What came of it. */
export interface CampaignResult {
  readonly seedsRun: number;
  readonly turns: number;
  /** How often each kind of thing happened, over all seeds. */
  readonly tally: ReadonlyMap<string, number>;
  /** The first seed that broke a rule. */
  readonly failed: RunResult | undefined;
}

/** Runs seeds one after the other; stops at the first that breaks a rule. */
export async function runCampaign(options: CampaignOptions): Promise<CampaignResult> {
  const tally = new Map<string, number>();
  let [seedsRun, turns] = [0, 0];
  for (let index = 0; index < options.seeds; index += 1) {
    const result = await runSeed(options.firstSeed + index, options);
    seedsRun += 1;
    turns += result.turns;
    for (const [what, times] of result.tally) tally.set(what, (tally.get(what) ?? 0) + times);
    options.onResult?.(result);
    if (result.violation) return { seedsRun, turns, tally, failed: result };
  }
  return { seedsRun, turns, tally, failed: undefined };
}

/** What happened how often, as one line. */
export function tallyText(tally: ReadonlyMap<string, number>): string {
  const sorted = [...tally].sort(([left], [right]) => (left < right ? -1 : 1));
  return sorted.map(([what, times]) => `${what} ${times}`).join(', ');
}

/** What a failed seed says of itself: rule, detail, how to see it again, and the end of its trace. */
export function failureText({ seed, workloads, violation, lastLines }: RunResult): string {
  return [
    `seed ${seed} (${workloads.join(', ')}) broke a rule: ${violation?.invariant}`,
    `  ${violation?.detail}`,
    `replay: npm run test:simulation -- --seed ${seed}`,
    'the end of its trace:',
    ...lastLines,
  ].join('\n');
}
