// One random world from one seed: peopled, shaken, brought to rest and closed, checked all the way.
import { Pid } from '@kaon/actor';
import { seededRandom } from '@kaon/primitives';
import { type SimulatedSystemOptions, Simulation } from '@kaon/testkit';
import { type ChaosOptions, someLine, strike } from './chaos.ts';
import type { World } from './citizen.ts';
import { Ledger, type Violation } from './ledger.ts';
import { type Sabotage, sabotaged } from './sabotage.ts';
import { WORKLOADS, type Workload } from './workloads.ts';

/** How a seed is run. */
export interface RunOptions {
  /** Plants a bug that the run should find. Default: none. */
  readonly sabotage?: Sabotage;
}

/** What became of a seed. */
export interface RunResult {
  readonly seed: number;
  /** Names of the workloads that took part. */
  readonly workloads: readonly string[];
  /** Turns of all actors, of messages, timers, continuations and exits. */
  readonly turns: number;
  /** How often each kind of thing happened. */
  readonly tally: ReadonlyMap<string, number>;
  /** Of the whole trace. */
  readonly hash: string;
  readonly violation: Violation | undefined;
  /** The end of the trace, for whoever looks into a violation. */
  readonly lastLines: readonly string[];
}

const DETECT_AFTER_MS = 120;
/** Long enough for every ask, detection, delay and late message to be over. */
const REST_MS = 5000;
const LAST_LINES = 60;

/** Thrown out of a simulation when the ledger has found something. */
class ViolationFound extends Error {}

/** Runs the world of `seed`. Equal seeds give equal runs, to the last line of the trace. */
export async function runSeed(seed: number, options: RunOptions = {}): Promise<RunResult> {
  const random = seededRandom(seed).fork('campaign');
  const isOrdered = random.nextInt(8) > 0;
  const addresses = Array.from({ length: 2 + random.nextInt(3) }, (_, index) => `n${index}:1`);
  const workloads = Object.keys(WORKLOADS).filter(() => random.nextInt(5) < 2);
  if (workloads.length === 0) workloads.push('ring', 'links');

  const ledger: Ledger = new Ledger(() => sim, isOrdered);
  const sim: Simulation = new Simulation({
    seed,
    network: { ...someLine(random, isOrdered), detectAfterMs: DETECT_AFTER_MS },
    onEvent: ledger.onEvent,
    afterTurn: () => {
      ledger.checkTurn();
      if (ledger.violation) throw new ViolationFound();
    },
  });
  const world: World = { sim, ledger, addresses, isCalm: false };
  const active = workloads.map((name) => WORKLOADS[name] as Workload);
  const people = (address: string): void => {
    for (const workload of active) workload.people(world, address, random);
  };
  const systemOptions: SimulatedSystemOptions = options.sabotage
    ? { transport: sabotaged(options.sabotage, sim) }
    : {};
  const restart = (address: string): void => {
    sim.restart(address, undefined, systemOptions);
    people(address);
  };
  for (const address of addresses) sim.createSystem(address, systemOptions);
  for (const address of addresses) people(address);

  try {
    await shake(world, active, { sim, random, addresses, isOrdered, restart });
    for (const address of addresses) if (!sim.systemAt(address)) restart(address);
    await sim.advance(REST_MS);
    ledger.checkRest();
    await stopAll(sim);
    ledger.checkEnd();
  } catch (error) {
    if (!(error instanceof ViolationFound)) {
      ledger.violate(
        'the simulation runs to its end',
        error instanceof Error ? String(error.stack) : String(error),
      );
    }
  }
  const result: RunResult = {
    seed,
    workloads,
    turns: ledger.turns,
    tally: ledger.tally,
    hash: sim.trace.hash(),
    violation: ledger.violation,
    lastLines: ledger.violation ? sim.trace.of().slice(-LAST_LINES) : [],
  };
  await sim.close();
  return result;
}

/** The busy part: workloads are stirred and faults strike, until all is healed and calm. */
async function shake(
  world: World,
  workloads: readonly Workload[],
  chaos: ChaosOptions,
): Promise<void> {
  const { sim } = world;
  const { random } = chaos;
  const untilMs = 200 + random.nextInt(600);
  const rage = random.nextInt(3);
  while (sim.clock.monotonicMs() < untilMs) {
    await sim.advance(random.next() * 25);
    for (const { stir } of workloads) stir?.(world, random);
    if (random.nextInt(6) < rage) strike(chaos);
  }
  world.isCalm = true;
  // What is to be healed and restarted later, heals and restarts.
  await sim.advance(300);
  sim.network.healAll();
  await sim.settle();
}

async function stopAll(sim: Simulation): Promise<void> {
  for (const system of sim.systems) {
    for (const { id } of system.processes()) system.stop(pidAt(id, system.address));
  }
  await sim.advance(REST_MS);
}

function pidAt(id: string, address: string): Pid {
  return new Pid(id, address);
}
