// The table is complete, and what it claims is tested.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import * as names from './names.ts';
import { FILES, recordingsOf, STORY_FILES } from './recordings.ts';
import { compatibilityDocument, ROWS } from './table.ts';

const ROOT = new URL('../../../', import.meta.url);

function textOf(path: string): string {
  return readFileSync(fileURLToPath(new URL(path, ROOT)), 'utf8');
}

t.test('every call, event and endpoint of Mesos has one row', async (t) => {
  const wanted: Readonly<Record<string, readonly string[]>> = {
    'scheduler calls': names.SCHEDULER_CALLS,
    'scheduler events': names.SCHEDULER_EVENTS,
    'executor calls': names.EXECUTOR_CALLS,
    'executor events': names.EXECUTOR_EVENTS,
    'resource provider calls': names.PROVIDER_CALLS,
    'resource provider events': names.PROVIDER_EVENTS,
    'master calls': names.MASTER_CALLS,
    'master events': names.MASTER_EVENTS,
    'agent calls': names.AGENT_CALLS,
    'master endpoints': names.MASTER_ENDPOINTS,
    'agent endpoints': names.AGENT_ENDPOINTS,
    'shared endpoints': names.SHARED_ENDPOINTS,
  };
  for (const [api, listed] of Object.entries(wanted)) {
    const rows = ROWS.filter((row) => row.api === api).map(({ name }) => name);
    t.same(rows, listed, api);
  }
});

t.test(
  'whatever is there is shown by a test, and whatever is not equal has a reason',
  async (t) => {
    const recorded = new Set(
      [...FILES, ...STORY_FILES].flatMap((file) => recordingsOf(file).map(({ name }) => name)),
    );
    for (const { api, name, verdict, why, proofs } of ROWS) {
      const row = `${api}: ${name}`;
      if (verdict !== 'missing') t.not(proofs.length, 0, `${row} is tested`);
      if (verdict !== 'equal') t.type(why, 'string', `${row} has a reason`);
      for (const proof of proofs) {
        if (proof.kind === 'replay') {
          for (const one of proof.recordings) t.ok(recorded.has(one), `${row}: ${one} is replayed`);
        } else
          t.ok(runs(proof.file, proof.title), `${row}: '${proof.title}' runs in ${proof.file}`);
      }
    }
  },
);

/** Whether the file has a test of that title that is neither skipped nor put off. */
function runs(file: string, title: string): boolean {
  const text = textOf(file);
  const at = text.search(new RegExp(`['"\`]${title.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}`));
  if (at < 0) return false;
  const before = text.slice(0, at).trimEnd();
  const rest = text.slice(at, at + title.length + 80);
  return before.endsWith('t.test(') && !/\{\s*(skip|todo)/.test(rest);
}

t.test('docs/compatibility.md is what the table says', async (t) => {
  t.equal(textOf('docs/compatibility.md'), compatibilityDocument(), 'run `npm run compatibility`');
});
