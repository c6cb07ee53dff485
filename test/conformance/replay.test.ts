// Recorded exchanges with a real Mesos are sent again, to a cluster like the one that was recorded. Every
// answer is the recorded one, up to ids and times, but for the differences that are listed with a reason.
import t from 'tap';
import { givenGoldenCluster } from './golden-cluster.ts';
import { Explanations, KNOWN_DIFFERENCES } from './known-differences.ts';
import { FILES, recordingsOf } from './recordings.ts';
import { replay } from './replay.ts';
import { contradictedRows } from './table.ts';

t.test('what was recorded is answered again', async (t) => {
  const cluster = await givenGoldenCluster(t);
  const explanations = new Explanations(KNOWN_DIFFERENCES);
  const replayed = new Set<string>();
  const differing = new Set<string>();
  for (const file of FILES) {
    const port = file.startsWith('master') ? 5050 : 5051;
    // What one file raises for a second is not there in the next.
    await fetch(`http://${cluster.addresses[port]}/logging/toggle?level=0&duration=0secs`);
    await t.test(file, async (t) => {
      for (const recording of recordingsOf(file)) {
        const found = await replay(recording, port, cluster);
        replayed.add(recording.name);
        if (found.length > 0) differing.add(recording.name);
        t.same(explanations.unexplained(recording.name, found), [], recording.name);
      }
    });
  }

  await t.test('every difference that is listed is met', async (t) => {
    t.same(explanations.unmet, []);
  });

  await t.test('the table says of recorded exchanges what the replay found', async (t) => {
    t.same(contradictedRows(replayed, differing), []);
  });
});
