// Recorded exchanges with a real Mesos are sent again, to a cluster like the one that was recorded. Every
// answer is the recorded one, up to ids and times, but for the differences that are listed with a reason.
import t from 'tap';
import { givenGoldenCluster } from './golden-cluster.ts';
import type { Difference } from './json-tree.ts';
import { KNOWN_DIFFERENCES, type KnownDifference } from './known-differences.ts';
import { FILES, recordingsOf } from './recordings.ts';
import { replay } from './replay.ts';
import { ROWS, recordingsOfRow } from './table.ts';

t.test('what was recorded is answered again', async (t) => {
  const cluster = await givenGoldenCluster(t);
  const met = new Set<KnownDifference>();
  const differing = new Set<string>();
  for (const file of FILES) {
    const port = file.startsWith('master') ? 5050 : 5051;
    // What one file raises for a second is not there in the next.
    await fetch(`http://${cluster.addresses[port]}/logging/toggle?level=0&duration=0secs`);
    await t.test(file, async (t) => {
      for (const recording of recordingsOf(file)) {
        const found = await replay(recording, port, cluster);
        if (found.length > 0) differing.add(recording.name);
        const unexplained = found.filter((one) => !isKnown(recording.name, one, met));
        t.same(unexplained, [], recording.name);
      }
    });
  }

  await t.test('every difference that is listed is met', async (t) => {
    for (const known of KNOWN_DIFFERENCES) {
      if (!known.isToCome) t.ok(met.has(known), `${known.in} ${known.at}: ${known.why}`);
    }
  });

  await t.test('the table says of recorded exchanges what the replay found', async (t) => {
    for (const row of ROWS) {
      const recordings = recordingsOfRow(row);
      if (recordings.length === 0) continue;
      const differs = recordings.filter((name) => differing.has(name));
      const name = `${row.api}: ${row.name} ${row.verdict}`;
      if (row.verdict === 'equal') t.same(differs, [], name);
      if (row.verdict === 'differs') t.not(differs.length, 0, name);
    }
  });
});

function isKnown(name: string, { path }: Difference, met: Set<KnownDifference>): boolean {
  const matching = KNOWN_DIFFERENCES.filter((one) => one.in.test(name) && one.at.test(path));
  for (const one of matching) met.add(one);
  return matching.length > 0;
}
