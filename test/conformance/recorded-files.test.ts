// No recording is forgotten: each file of them is sent or lived again by this suite, or left out for a reason.
// `KAON_RECORDINGS` may name the folder they are in, to find out whether the list of them is complete.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { lifeNames } from './lives.ts';
import { isLeftOut, LEFT_OUT } from './not-replayed.ts';
import { RECORDED_EVENTS } from './operator-events.ts';
import { FILES, recordingsOf, STORY_FILES } from './recordings.ts';

const FIXTURES = new URL('../../conformance/fixtures/', import.meta.url);

function textOf(name: string): string {
  return readFileSync(fileURLToPath(new URL(name, FIXTURES)), 'utf8');
}

const files = textOf('recorded-files.txt').trimEnd().split('\n');

/** Files that are replayed, by the names they have among the recordings. */
function replayed(): ReadonlySet<string> {
  const exchanges = [...FILES, ...STORY_FILES].flatMap((file) =>
    recordingsOf(file).map(({ name }) => `${name}.json`),
  );
  const errors = (['master', 'scheduler'] as const).flatMap((part) => {
    const stored = JSON.parse(textOf(`${part}-errors.json`)) as readonly {
      readonly name: string;
    }[];
    return stored.map(({ name }) => `errors/${part}/${name}.json`);
  });
  const lives = lifeNames().map((name) =>
    name.startsWith('executor-')
      ? `executor/transcript-${name.slice('executor-'.length)}.jsonl`
      : `scheduler/${name.replace(/-end$/, '')}.jsonl`,
  );
  return new Set([...exchanges, ...errors, ...lives, RECORDED_EVENTS]);
}

t.test('every recorded file is replayed or left out for a reason', async (t) => {
  const done = replayed();
  const forgotten = files.filter(
    (file) => !done.has(file) && !LEFT_OUT.some((one) => isLeftOut(file, one)),
  );
  t.same(forgotten, []);
  const unknown = [...done].filter((file) => !files.includes(file));
  t.same(unknown, [], 'whatever is replayed is a recording');
});

t.test('a reason is given for files that there are and that are not replayed', async (t) => {
  const done = replayed();
  for (const one of LEFT_OUT) {
    const { why } = one;
    const covered = files.filter((file) => isLeftOut(file, one));
    t.not(covered.length, 0, why);
    t.same(
      covered.filter((file) => done.has(file)),
      [],
      why,
    );
  }
});

const folder = process.env['KAON_RECORDINGS'];
t.test(
  'the list of files is complete',
  { skip: folder === undefined && 'KAON_RECORDINGS names no folder to compare with' },
  async (t) => {
    const there = readdirSync(folder ?? '', { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => `${entry.parentPath}/${entry.name}`.slice(`${folder}/`.length));
    t.same([...there].sort(), [...files].sort());
  },
);
