// The lives of frameworks that were recorded with a real Mesos are lived again, over bare sockets and with an
// executor of its own where there was one: every event and answer is the recorded one, up to ids and times.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { type GoldenNodes, givenGoldenNodes } from './golden-nodes.ts';
import { type Difference, differences, type JsonTree, parseTree } from './json-tree.ts';
import { KNOWN_IN_LIVES, type KnownDifference } from './known-differences.ts';
import { maskedEvent, printed } from './life-masks.ts';
import { LifeNames } from './life-names.ts';
import { LifePlayer, PATIENCE_MS } from './life-player.ts';
import { type LifeLine, lifeOf } from './lives.ts';
import { asRecorded, RECORDED_MASTER } from './masks.ts';
import { exchange } from './raw-http.ts';

/** In the order of the recording, each with what was left of those before it. */
const LIVES = [
  '01-lifecycle',
  '02-task-group',
  '03-operations',
  '04-failover',
  '06-rescind-agent-gone',
  '07-invalid-tasks',
  '08-maintenance-inverse-offers',
  '09-multi-role-update-framework',
  '10-subscribe-errors',
  '11-protobuf',
  '05-custom-executor',
];

const met = new Set<KnownDifference>();

function unexplained(name: string, found: readonly Difference[]): readonly Difference[] {
  return found.filter(({ path }) => {
    const matching = KNOWN_IN_LIVES.filter((one) => one.in.test(name) && one.at.test(path));
    for (const one of matching) met.add(one);
    return matching.length === 0;
  });
}

t.test('lives of frameworks are as recorded', async (t) => {
  const stage = await givenStage(t);
  for (const name of LIVES) {
    await t.test(name, async (t) => {
      const found = await play(t, stage, lifeWithoutChecks(lifeOf(name)));
      t.same(unexplained(`scheduler/${name}`, found), []);
    });
  }
  await t.test('every difference that is listed is met', async (t) => {
    for (const known of KNOWN_IN_LIVES) t.ok(met.has(known), known.why);
  });
  for (const id of ['exec-1', 'exec-2', 'exec-3']) {
    await t.test(`executor ${id}`, async (t) => {
      t.same(await executorDifferences(stage, id), []);
    });
  }
});

t.test('a framework of two roles with an executor that goes on is as recorded', async (t) => {
  const stage = await givenStage(t);
  await t.test('20-background', async (t) => {
    t.same(await play(t, stage, lifeOf('20-background')), []);
  });
  await t.test('executor bg-exec', async (t) => {
    t.same(await executorDifferences(stage, 'bg-exec'), []);
  });
});

t.test('a recording that tells of something else is not met', async (t) => {
  const stage = await givenStage(t);
  const changed = lifeOf('10-subscribe-errors').map((line) =>
    line.kind === 'event' && line.text.includes('duplicate items')
      ? { ...line, text: line.text.replace('duplicate items', 'the same twice') }
      : line,
  );
  const found = await play(t, stage, changed.slice(0, 30));
  t.same(
    found.map(({ path }) => path),
    ['ERROR error/message'],
  );
});

/** Where lives are played. */
interface Stage {
  readonly nodes: GoldenNodes;
  readonly names: LifeNames;
  /** What executors saw is in files that begin so. */
  readonly transcript: string;
}

async function givenStage(t: Test): Promise<Stage> {
  const nodes = await givenGoldenNodes(t);
  const names = new LifeNames(RECORDED_MASTER, nodes.masterId);
  const folder = await mkdtemp(join(tmpdir(), 'kaon-lives-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const executor = fileURLToPath(new URL('replayed-executor.js', import.meta.url));
  const transcript = join(folder, 'transcript');
  names.bindText(
    '/usr/bin/python3 /usr/share/golden/tools/exec_http.py',
    `${process.execPath} ${executor}`,
  );
  names.bindText('/usr/share/golden/executor/transcript', transcript);
  return { nodes, names, transcript };
}

async function play(t: Test, { nodes, names }: Stage, lines: readonly LifeLine[]) {
  const player = new LifePlayer({
    address: nodes.addresses[5050],
    names,
    asRecorded: (text) => asRecorded(text, { ...nodes, names: nodes.folders }),
    onNote: (text) => act(nodes, names, text),
  });
  t.teardown(() => player.close());
  return player.play(lines);
}

/** What the executor saw, against what its forerunner saw. Acknowledgements come when the scheduler sends them. */
async function executorDifferences(
  { nodes, names, transcript }: Stage,
  id: string,
): Promise<readonly Difference[]> {
  const recorded = lifeOf(`executor-${id}`).flatMap((line) =>
    line.kind === 'event' ? [line.text] : [],
  );
  const lines = await linesWritten(`${transcript}-${id}.jsonl`, recorded.length);
  const statuses = lines.flatMap(({ status }) => status ?? []);
  const found: Difference[] = [];
  if (statuses[0] !== 200 || statuses.slice(1).some((status) => status !== 202)) {
    found.push({ path: '(status)', what: statuses.join() });
  }
  const seen = lines
    .flatMap(({ event }) => event ?? [])
    .map((text) => asRecorded(names.asRecorded(text), { ...nodes, names: nodes.folders }));
  for (const type of [/"type":"ACKNOWLEDGED"/, /"type":"(?!ACKNOWLEDGED)/]) {
    const masked = (texts: readonly string[]): JsonTree => ({
      kind: 'array',
      items: texts.filter((text) => type.test(text)).map((text) => maskedEvent(parseTree(text))),
    });
    found.push(...differences(masked(recorded), masked(seen)));
  }
  return found;
}

interface Written {
  readonly event?: string;
  readonly status?: number;
}

/** What the executor wrote down; it may still be at it. */
async function linesWritten(path: string, events: number): Promise<readonly Written[]> {
  const patience = AbortSignal.timeout(PATIENCE_MS);
  for (;;) {
    const lines = (await readFile(path, 'utf8'))
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Written);
    const seen = lines.filter(({ event }) => event !== undefined);
    if (seen.length >= events || patience.aborted) return lines;
  }
}

/** Agents give no checks to tasks yet: what the recorded group had of them is left out. */
function lifeWithoutChecks(lines: readonly LifeLine[]): readonly LifeLine[] {
  const dropped = new Set<string>();
  for (const line of lines) {
    if (line.kind !== 'event' || !line.text.includes('CHECK_STATUS_UPDATED"')) continue;
    const uuid = /"uuid":"([^"]+)"/.exec(line.text)?.[1];
    if (uuid !== undefined) dropped.add(uuid);
  }
  if (dropped.size === 0) return lines;
  const conns = new Set<string>();
  return lines.flatMap((line): LifeLine[] => {
    const isDropped = 'text' in line && [...dropped].some((uuid) => line.text.includes(uuid));
    if (isDropped && line.kind === 'sent') conns.add(line.conn);
    if (isDropped || (line.kind === 'answered' && conns.has(line.conn))) return [];
    if (line.kind === 'sent') return [{ ...line, text: withoutMembers(line.text) }];
    return [line.kind === 'event' ? { ...line, text: withoutMembers(line.text) } : line];
  });
}

const OF_CHECKS = new Set(['check', 'health_check', 'check_status', 'healthy']);

function withoutMembers(text: string): string {
  const without = (tree: JsonTree): JsonTree => {
    if (tree.kind === 'scalar') return tree;
    if (tree.kind === 'array') return { kind: 'array', items: tree.items.map(without) };
    const members = tree.members.filter(([name]) => !OF_CHECKS.has(name));
    return { kind: 'object', members: members.map(([name, value]) => [name, without(value)]) };
  };
  return printed(without(parseTree(text)));
}

const BOTH_MACHINES = [{ hostname: 'localhost', ip: '127.0.0.1' }];

/** What somebody else did while a life was recorded. */
async function act(nodes: GoldenNodes, names: LifeNames, note: string): Promise<void> {
  if (note.startsWith('agent2 told to unregister')) await nodes.stopAgent(5052);
  if (note.startsWith('agent2 restarted')) {
    names.bind(`${RECORDED_MASTER}-S1`, await nodes.startAgent(5052));
  }
  if (note.startsWith('a framework-less operator reservation')) {
    const agent = names.today(`${RECORDED_MASTER}-S1`);
    const resources = [
      {
        name: 'cpus',
        type: 'SCALAR',
        scalar: { value: 1 },
        reservations: [{ type: 'DYNAMIC', role: 'ops' }],
      },
    ];
    const body = `slaveId=${agent}&resources=${encodeURIComponent(JSON.stringify(resources))}`;
    await post(nodes, '/reserve', body, 'application/x-www-form-urlencoded');
    await post(nodes, '/unreserve', body, 'application/x-www-form-urlencoded');
  }
  if (note.startsWith('a maintenance schedule')) {
    const start = { nanoseconds: Date.now() * 1e6 + 60e9 };
    const unavailability = { start, duration: { nanoseconds: 3600e9 } };
    await schedule(nodes, [{ machine_ids: BOTH_MACHINES, unavailability }]);
  }
  if (note.startsWith('empty schedule')) await schedule(nodes, []);
  if (note.startsWith('i-norole has finished')) await untilFinished(nodes, 'i-norole');
}

/** The recording took longer than the task ran; its resources are free before its updates are through. */
async function untilFinished(nodes: GoldenNodes, taskId: string): Promise<void> {
  const path = '/state';
  for (;;) {
    const { body } = await exchange(nodes.addresses[5051], { method: 'GET', path, headers: [] });
    if (hasFinished(JSON.parse(body), taskId)) return;
  }
}

function hasFinished(json: unknown, taskId: string): boolean {
  if (typeof json !== 'object' || json === null) return false;
  const { id, state } = json as { readonly id?: unknown; readonly state?: unknown };
  if (id === taskId && state === 'TASK_FINISHED') return true;
  return Object.values(json).some((value) => hasFinished(value, taskId));
}

function schedule(nodes: GoldenNodes, windows: readonly object[]) {
  return post(nodes, '/maintenance/schedule', JSON.stringify({ windows }), 'application/json');
}

async function post(nodes: GoldenNodes, path: string, body: string, type: string): Promise<void> {
  const { statusLine, body: answer } = await exchange(nodes.addresses[5050], {
    method: 'POST',
    path,
    headers: [['Content-Type', type]],
    body,
  });
  if (!/ 20\d /.test(statusLine)) throw new Error(`${path}: ${statusLine} ${answer}`);
}
