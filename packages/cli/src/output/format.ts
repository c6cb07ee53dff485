// Short texts for amounts and times in tables.

/** An amount with at most three decimals: 0.1, 2, 31.999. */
export function formatAmount(value: number): string {
  return String(Math.round(value * 1000) / 1000);
}

/** Megabytes in the largest unit that keeps them readable: 512 MB, 2.5 GB. */
export function formatMegabytes(value: number): string {
  if (value >= 1024 * 1024) return `${round(value / 1024 / 1024)} TB`;
  return value >= 1024 ? `${round(value / 1024)} GB` : `${round(value)} MB`;
}

function round(value: number): number {
  return value >= 100 ? Math.round(value) : Math.round(value * 10) / 10;
}

/** A length of time: 340 ms, 2.4 s, 3 min 5 s, 4 h 10 min, 3 d 2 h. */
export function formatElapsed(elapsedMs: number): string {
  const elapsed = Math.max(0, elapsedMs);
  if (elapsed < 1000) return `${Math.round(elapsed)} ms`;
  if (elapsed < 60_000) return `${(elapsed / 1000).toFixed(1)} s`;
  const seconds = Math.floor(elapsed / 1000);
  const parts: readonly (readonly [number, string])[] = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ];
  const first = parts.findIndex(([count]) => count > 0);
  return parts
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(' ');
}

/** `1 task`, `2 tasks`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
