// Worlds for actor tests: virtual time, one system or two, torn down with the test.
import type { ActorSystem } from '@kaon/actor';
import { Simulation, type SimulationOptions } from '@kaon/testkit';

/** The part of a test that is needed here. */
export interface Teardown {
  teardown(run: () => Promise<void>): void;
}

export interface World {
  readonly sim: Simulation;
  /** Lives at `a:1`. */
  readonly system: ActorSystem;
}

/** One system at `a:1`. */
export function givenSystem(t: Teardown, options?: SimulationOptions): World {
  const sim = new Simulation(options);
  t.teardown(() => sim.close());
  return { sim, system: sim.createSystem('a:1') };
}

/** Two systems, at `a:1` and `b:2`. */
export function givenTwoSystems(
  t: Teardown,
  options?: SimulationOptions,
): World & { readonly other: ActorSystem } {
  const world = givenSystem(t, options);
  return { ...world, other: world.sim.createSystem('b:2') };
}
