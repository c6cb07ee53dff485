// The one table of what is equal to Mesos, what differs and what is missing, and the document made of it.

import {
  KNOWN_DIFFERENCES,
  KNOWN_IN_LIVES,
  KNOWN_IN_WRITES,
  type KnownDifference,
} from './known-differences.ts';
import { LEFT_OUT_KEYS, servedKeys } from './metric-keys.ts';
import { LEFT_OUT } from './not-replayed.ts';
import type { Proof, Row, Verdict } from './row.ts';
import { AGENT_CALL_ROWS } from './rows-agent-calls.ts';
import { ENDPOINT_ROWS } from './rows-endpoints.ts';
import { MASTER_CALL_ROWS } from './rows-master-calls.ts';
import { STREAM_ROWS } from './rows-streams.ts';

/** Every row, in the order of the document. */
export const ROWS: readonly Row[] = [
  ...STREAM_ROWS,
  ...MASTER_CALL_ROWS,
  ...AGENT_CALL_ROWS,
  ...ENDPOINT_ROWS,
];

/** The names of the recorded exchanges of a row. */
export function recordingsOfRow({ proofs }: Row): readonly string[] {
  return proofs.flatMap((proof) => (proof.kind === 'replay' ? proof.recordings : []));
}

/** Rows that say of recorded exchanges something else than their replay found; `differing` is a part of `replayed`. */
export function contradictedRows(
  replayed: ReadonlySet<string>,
  differing: ReadonlySet<string>,
): readonly string[] {
  const contradicted = ROWS.filter((row) => {
    const recordings = recordingsOfRow(row).filter((name) => replayed.has(name));
    if (recordings.length === 0 || row.verdict === 'missing') return false;
    return recordings.some((name) => differing.has(name)) !== (row.verdict === 'differs');
  });
  return contradicted.map(({ api, name, verdict }) => `${api}: ${name} ${verdict}`);
}

/** `docs/compatibility.md`. */
export function compatibilityDocument(): string {
  const apis = [...new Set(ROWS.map(({ api }) => api))];
  return [
    '# Compatibility with Mesos 1.12',
    '',
    'This page is made of the table that the conformance suite in `test/conformance` checks: `npm run compatibility`',
    'writes it, and a test fails when it is out of date. "Recorded" are exchanges with a real Mesos that are sent to',
    'Kaon again; the answers are compared member by member, in order, with numbers as they are spelt, but for ids and times.',
    'Whole lives of recorded frameworks and executors are lived again in the same way, event by event, and so is what',
    'operators changed meanwhile, call by call.',
    '',
    '- **equal**: a client sees of Kaon what it sees of Mesos, and the test or the exchange on the right shows it.',
    '- **differs**: it is served, and differs in what the row says.',
    '- **missing**: it is not served, or no test shows it yet.',
    '',
    summary(),
    '',
    ...apis.flatMap((api) =>
      section(
        api,
        ROWS.filter((row) => row.api === api),
      ),
    ),
    ...recordings(),
    ...metrics(),
  ].join('\n');
}

const VERDICTS: readonly Verdict[] = ['equal', 'differs', 'missing'];

function summary(): string {
  const counts = VERDICTS.map((one) => {
    const count = ROWS.filter(({ verdict }) => verdict === one).length;
    return `${count} ${one === 'differs' ? 'differ' : `are ${one}`}`;
  });
  return `Of ${ROWS.length} calls, events and endpoints ${counts.join(', ')}.`;
}

function section(api: string, listed: readonly Row[]): readonly string[] {
  const title = api[0]?.toUpperCase() + api.slice(1);
  return [
    `## ${title}`,
    '',
    '| name | | remarks | shown by |',
    '|---|---|---|---|',
    ...listed.map(
      ({ name, verdict, why, proofs }) =>
        `| \`${name}\` | ${verdict} | ${why ?? ''} | ${proofs.map(proofText).join('; ')} |`,
    ),
    '',
  ];
}

function proofText(proof: Proof): string {
  if (proof.kind === 'test') {
    return `[${proof.title.replaceAll('|', '\\|')}](../${proof.file})`;
  }
  const { recordings } = proof;
  const [first = ''] = recordings;
  return recordings.length === 1
    ? `recorded \`${first}\``
    : `${recordings.length} recorded, as \`${first}\``;
}

function recordings(): readonly string[] {
  const known: readonly KnownDifference[] = [
    ...KNOWN_DIFFERENCES,
    ...KNOWN_IN_WRITES,
    ...KNOWN_IN_LIVES,
  ];
  return [
    '## Recordings',
    '',
    'What today is not as recorded, all of it, and why:',
    '',
    ...[...new Set(known.map(({ why }) => why))].map((why) => `- ${why}`),
    '',
    'Recorded files that are not sent again:',
    '',
    '| files | why |',
    '|---|---|',
    ...LEFT_OUT.map(
      ({ files, why }) => `| ${files.map((one) => `\`${one}\``).join(', ')} | ${why} |`,
    ),
    '',
  ];
}

function metrics(): readonly string[] {
  const reasons = Object.entries(LEFT_OUT_KEYS);
  return [
    '## Metrics',
    '',
    `${servedKeys().length} of Mesos' keys are served, in \`/metrics/snapshot\` and for Prometheus. Not served:`,
    '',
    '| keys | why |',
    '|---|---|',
    ...reasons.map(([why, keys]) => `| ${keys.map((key) => `\`${key}\``).join(', ')} | ${why} |`),
    '',
  ];
}
