// How long a simulated message takes: distributions, drawn from the network's seeded source.
import { invariant, type Random } from '@kaon/primitives';

/** A distribution of milliseconds. All of them are at least 0. */
export type Latency =
  /** Uniform between the two. */
  | readonly [leastMs: number, mostMs: number]
  /** Always the same. */
  | { readonly kind: 'fixed'; readonly ms: number }
  | { readonly kind: 'uniform'; readonly leastMs: number; readonly mostMs: number }
  /** `leastMs` (default 0) and an exponential part of `meanMs` on top; no more than `capMs` (default: none). */
  | {
      readonly kind: 'exponential';
      readonly meanMs: number;
      readonly leastMs?: number;
      readonly capMs?: number;
    }
  /**
   * Half of the messages take less than `medianMs`. `sigma` is the spread of the logarithm: 0.5 is a
   * calm network, 1.5 one with a long tail. `capMs` is the most that is drawn: a tail without an end
   * would make tests wait for ever.
   */
  | {
      readonly kind: 'logNormal';
      readonly medianMs: number;
      readonly sigma: number;
      readonly capMs: number;
    };

/** Draws one latency in milliseconds. */
export function drawLatencyMs(latency: Latency, random: Random): number {
  const drawnMs = draw(latency, random);
  invariant(
    drawnMs >= 0 && drawnMs < Number.POSITIVE_INFINITY,
    'a latency is finite and not below 0',
  );
  return drawnMs;
}

function draw(latency: Latency, random: Random): number {
  if (!('kind' in latency)) return between(latency[0], latency[1], random);
  switch (latency.kind) {
    case 'fixed':
      return latency.ms;
    case 'uniform':
      return between(latency.leastMs, latency.mostMs, random);
    case 'exponential': {
      const { meanMs, leastMs = 0, capMs = Number.POSITIVE_INFINITY } = latency;
      return Math.min(capMs, leastMs - meanMs * Math.log(1 - random.next()));
    }
    case 'logNormal':
      return Math.min(latency.capMs, latency.medianMs * Math.exp(latency.sigma * normal(random)));
  }
}

function between(leastMs: number, mostMs: number, random: Random): number {
  return leastMs + random.next() * (mostMs - leastMs);
}

/** Standard normal, by Box and Muller. Takes two draws and throws one result away: no hidden state. */
function normal(random: Random): number {
  const radius = Math.sqrt(-2 * Math.log(1 - random.next()));
  return radius * Math.cos(2 * Math.PI * random.next());
}
