// Mesos' words in today's spelling: what Mesos called a slave is an agent everywhere but on the wire.
import t from 'tap';
import { readPackages, report } from './repository.ts';

/** Where the wire still says it, and why. Add to it only when a client of Mesos sees the difference. */
const WIRE_PLACES: readonly (readonly [RegExp, string])[] = [
  [/^packages\/protocol\/src\/legacy-names\.ts$/, 'the old names, in one table'],
  [/^packages\/(master|agent)\/src\/(http|views|metrics)\//, 'paths, JSON keys, metric names'],
  [/^packages\/containerizer\/src\/sandbox\.ts$/, "folders of an agent's work directory"],
  [/^packages\/scheduler\/src\/driver\//, "callbacks of Mesos' driver"],
  [/^packages\/cli\/src\/cluster\//, "reads a master's JSON"],
];

/** The id of an agent's actor, part of its PID and of its URLs, also as escaped in those. */
const AGENT_ACTOR_ID = /slave(\(1\)|%281%29)/g;

for (const one of readPackages()) {
  t.test(`${one.folder}: says agent, and slave only where the wire does`, async (t) => {
    const violations: string[] = [];
    for (const { path, text, isGenerated } of one.sources) {
      if (isGenerated || WIRE_PLACES.some(([place]) => place.test(path))) continue;
      for (const [index, line] of text.split('\n').entries()) {
        if (/slave/i.test(line.replaceAll(AGENT_ACTOR_ID, ''))) {
          violations.push(
            `${path}:${index + 1} says slave: an agent, unless the wire says otherwise`,
          );
        }
      }
    }
    report(t, violations);
  });
}
