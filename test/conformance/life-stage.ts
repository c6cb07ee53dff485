// Where recorded lives are played: a master and two agents of today, and the names things had then.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';
import { type GoldenNodes, givenGoldenNodes } from './golden-nodes.ts';
import { type Difference, differences, type JsonTree, parseTree } from './json-tree.ts';
import { maskedEvent } from './life-masks.ts';
import { LifeNames } from './life-names.ts';
import { act } from './life-notes.ts';
import { LifePlayer, PATIENCE_MS } from './life-player.ts';
import { type LifeLine, lifeOf } from './lives.ts';
import { asRecorded, RECORDED_MASTER } from './masks.ts';
import { recordingNamed } from './recordings.ts';
import { portOf, replay } from './replay.ts';

/** A stage that stands. */
export interface Stage {
  readonly nodes: GoldenNodes;
  readonly names: LifeNames;
  /** What executors saw is in files that begin so. */
  readonly transcript: string;
}

/** Starts a master and two agents; they end with the test. */
export async function givenStage(t: Test): Promise<Stage> {
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

/** A player on the stage; its streams stay open until the test ends. */
export function givenPlayer(t: Test, stage: Stage): LifePlayer {
  const { nodes, names } = stage;
  const player = new LifePlayer({
    address: nodes.addresses[5050],
    names,
    asRecorded: (text) => inRecordedWords(stage, text),
    onNote: (text) => act(nodes, names, text),
    onExchange: (name) => replayOn(stage, name),
  });
  t.teardown(() => player.close());
  return player;
}

/** Plays a whole life. Answers in what today is not as recorded. */
export function play(
  t: Test,
  stage: Stage,
  lines: readonly LifeLine[],
): Promise<readonly Difference[]> {
  return givenPlayer(t, stage).play(lines);
}

/** Sends what was recorded of an operator to the node it went to. */
export function replayOn(stage: Stage, name: string): Promise<readonly Difference[]> {
  return replay(recordingNamed(name), portOf(name), {
    addresses: stage.nodes.addresses,
    forToday: (text) => stage.names.forToday(text),
    asRecorded: (text) => inRecordedWords(stage, text),
  });
}

/** What is said today in the words of then: names, addresses and ports. */
export function inRecordedWords({ nodes, names }: Stage, text: string): string {
  return asRecorded(names.asRecorded(text), { ...nodes, names: nodes.folders });
}

/** What the executor saw, against what its forerunner saw. Acknowledgements come when the scheduler sends them. */
export async function executorDifferences(
  stage: Stage,
  id: string,
): Promise<readonly Difference[]> {
  const recorded = lifeOf(`executor-${id}`).flatMap((line) =>
    line.kind === 'event' ? [line.text] : [],
  );
  const lines = await linesWritten(`${stage.transcript}-${id}.jsonl`, recorded.length);
  const statuses = lines.flatMap(({ status }) => status ?? []);
  const found: Difference[] = [];
  if (statuses[0] !== 200 || statuses.slice(1).some((status) => status !== 202)) {
    found.push({ path: '(status)', what: statuses.join() });
  }
  const seen = lines
    .flatMap(({ event }) => event ?? [])
    .map((text) => inRecordedWords(stage, text));
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
