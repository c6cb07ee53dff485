// Recorded bodies of a real Mesos, one per line.
import { readFileSync } from 'node:fs';

/** The lines of a file in `test/fixtures/`. */
export function fixtureLines(name: string): readonly string[] {
  const url = new URL(`../../../test/fixtures/${name}`, import.meta.url);
  return readFileSync(url, 'utf8').trimEnd().split('\n');
}
