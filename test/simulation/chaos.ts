// Faults at random moments: cuts, breaks, crashes, departures and restarts of nodes, lines that get worse and better.
import type { Random } from '@kaon/primitives';
import type { Latency, LineOptions, Simulation } from '@kaon/testkit';

/** How the network of one world is by chance. */
export function someLine(random: Random, isOrdered: boolean): LineOptions {
  const latencies: readonly Latency[] = [
    [0, 0],
    [0, 5],
    { kind: 'fixed', ms: 3 },
    { kind: 'exponential', meanMs: 4, leastMs: 1, capMs: 60 },
    { kind: 'logNormal', medianMs: 3, sigma: 1, capMs: 80 },
  ];
  const sometimes = (most: number): number => (random.nextInt(2) === 0 ? 0 : random.next() * most);
  const probability = sometimes(0.3);
  return {
    latencyMs: latencies[random.nextInt(latencies.length)] as Latency,
    dropProbability: sometimes(0.05),
    duplicateProbability: sometimes(0.05),
    reorder: { probability, withinMs: 20, scope: isOrdered ? 'pairs' : 'all' },
  };
}

/** What chaos may do. */
export interface ChaosOptions {
  readonly sim: Simulation;
  readonly random: Random;
  readonly addresses: readonly string[];
  readonly isOrdered: boolean;
  /** Starts the system at an address again, with all who live there. */
  readonly restart: (address: string) => void;
}

/** Strikes once. */
export function strike(options: ChaosOptions): void {
  const { sim, random, addresses } = options;
  const { network } = sim;
  const one = addresses[random.nextInt(addresses.length)] as string;
  const others = addresses.filter((address) => address !== one);
  const other = others[random.nextInt(others.length)] as string;
  const later = (run: () => void): void => void sim.clock.setTimer(5 + random.next() * 250, run);
  switch (random.nextInt(9)) {
    case 0:
      network.cutOneWay(one, other);
      return later(() => network.heal(one, other));
    case 1:
      network.partition(one, other);
      return later(() => network.heal(one, other));
    case 2:
      network.partition(one, others);
      return later(() => network.heal(one, others));
    case 3:
      return network.disconnect(one, other);
    case 4:
      sim.crash(one);
      return later(() => options.restart(one));
    case 5:
      return options.restart(one);
    case 6:
      void sim.shutdown(one);
      return later(() => options.restart(one));
    case 7:
      return network.setLine(one, other, someLine(random, options.isOrdered));
    default:
      network.delay(one, other, random.next() * 30);
      return later(() => network.delay(one, other, 0));
  }
}
