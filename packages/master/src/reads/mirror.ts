// A copy of a master's state that answers questions with pages. Lives in a thread of its own, or in the master's.
import { errorText, invariant, utf8 } from '@kaon/primitives';
import { jsonText, masterV1, RawJson } from '@kaon/protocol';
import { HEARTBEAT_INTERVAL_MS } from '../constants.ts';
import type { Agent } from '../state/agent.ts';
import { ByteStore, type StoredBytes } from '../state/byte-store.ts';
import { CopiedTask } from '../state/copied-task.ts';
import type { MasterState } from '../state/master-state.ts';
import { MirrorState } from '../state/mirror-state.ts';
import type { TaskRecord } from '../state/task-record.ts';
import { agentJson, fullAgentJson } from '../views/agent-json.ts';
import { answerView } from '../views/answer-view.ts';
import type { Fragments } from '../views/fragments.ts';
import { taskJson } from '../views/task-json.ts';
import type { ViewContext } from '../views/view.ts';
import { AnswerPieces } from './answer-pieces.ts';
import { Fragment } from './fragment.ts';
import { writeJson, writeMessage } from './json-pages.ts';
import type { MirrorNews, MirrorOrder } from './mirror-orders.ts';
import { BytePages, type Piece, type PieceSink, TextPages } from './pages.ts';
import { protoParts } from './proto-pages.ts';
import type { ReadQuestion } from './read-question.ts';

type Order<K extends MirrorOrder['kind']> = Extract<MirrorOrder, { readonly kind: K }>;

/** Carries orders out and tells what came of them. */
export class Mirror {
  readonly #tell: (news: MirrorNews) => void;
  #copy: MirrorState | undefined;
  #context: ViewContext | undefined;
  #fragments = new KeptFragments();
  /** What tasks are printed as in the operator API. */
  #texts = new ByteStore();
  /** Answers that are sent from where they lie. */
  #held = new Map<number, AnswerPieces>();

  constructor(tell: (news: MirrorNews) => void) {
    this.#tell = tell;
  }

  take(order: MirrorOrder): void {
    switch (order.kind) {
      case 'begin':
        return this.#begin(order);
      case 'records': {
        const copy = this.#copy;
        invariant(copy !== undefined, 'records follow a beginning');
        for (const record of order.records) copy.apply(record);
        this.#sweep(copy);
        return this.#tell({ kind: 'took' });
      }
      case 'ask':
        return this.#answer(order);
      case 'release':
        this.#held.get(order.id)?.release();
        this.#held.delete(order.id);
        return;
      default:
        this.#forget();
    }
  }

  #forget(): void {
    this.#copy = undefined;
    this.#fragments = new KeptFragments();
    this.#texts = new ByteStore();
    this.#held = new Map();
  }

  /** Gives room back, in the stores that have much of it. */
  #sweep(copy: MirrorState): void {
    const fragments = this.#fragments;
    const texts = this.#texts;
    const tasks = (): Iterable<CopiedTask> => copy.copiedTasks();
    if (copy.tasks.isWasteful) copy.tasks.sweep(storedOf(tasks(), ({ stored }) => stored));
    if (texts.isWasteful) texts.sweep(storedOf(tasks(), ({ recordText }) => recordText));
    if (fragments.store.isWasteful) fragments.store.sweep(fragments.kept(tasks()));
  }

  #begin({ facts, limits, flags }: Order<'begin'>): void {
    this.#forget();
    this.#copy = new MirrorState(facts, limits, this.#fragments);
    this.#context = {
      flags: new Map(flags),
      // Metrics and the time are not of the state, so nobody asks a copy for them.
      metrics: () => new Map(),
      nowMs: () => 0,
      fragments: this.#fragments,
    };
  }

  #answer({ id, question }: Order<'ask'>): void {
    const copy = this.#copy;
    invariant(copy !== undefined, 'questions follow a beginning');
    const pieces = new AnswerPieces(id, question, this.#tell);
    try {
      this.#look(question, pieces.take);
    } catch (error) {
      pieces.release();
      this.#tell({ kind: 'failed', id, text: errorText(error) });
      return;
    }
    if (pieces.isStreamed) this.#held.set(id, pieces);
    pieces.finish();
    this.#sweep(copy);
  }

  #look(question: ReadQuestion, sink: PieceSink): void {
    const copy = this.#copy;
    const context = this.#context;
    invariant(copy !== undefined && context !== undefined, 'questions follow a beginning');
    const answer = answerView(copy.state, question.look, context);
    if (answer.kind === 'json') {
      const pages = new TextPages(sink);
      const { jsonp } = question;
      if (jsonp !== undefined) pages.add(`${jsonp}(`);
      writeJson(pages, answer.json);
      if (jsonp !== undefined) pages.add(')');
      pages.finish();
      return;
    }
    invariant(answer.kind === 'operator', 'a copy shows lists only');
    if (question.isSnapshot === true) this.#writeSnapshot(answer.response, question, sink);
    else this.#write(masterV1.Response, answer.response, question, sink);
  }

  #write<T>(
    schema: typeof masterV1.Response | typeof masterV1.Event,
    message: T,
    question: ReadQuestion,
    sink: PieceSink,
  ): void {
    if (question.encoding === 'protobuf') {
      const pages = new BytePages(sink);
      for (const part of protoParts(schema, message).parts) pages.add(part);
      pages.finish();
    } else {
      const pages = new TextPages(sink);
      writeMessage(pages, schema, message, this.#texts);
      pages.finish();
    }
  }

  /** A record, framed: its length comes first, so that nothing is on its way before all of it is known. */
  #writeSnapshot(response: masterV1.Response, question: ReadQuestion, sink: PieceSink): void {
    const { getState } = response;
    const event: masterV1.Event = {
      type: 'SUBSCRIBED',
      subscribed: { getState, heartbeatIntervalSeconds: HEARTBEAT_INTERVAL_MS / 1000 },
    };
    const pieces: Piece[] = [];
    this.#write(masterV1.Event, event, question, (piece) => pieces.push(piece));
    const length = pieces.reduce((sum, { bytes }) => sum + bytes.length, 0);
    sink({ bytes: utf8(`${length}\n`) });
    for (const piece of pieces) sink(piece);
  }
}

function* storedOf(
  tasks: Iterable<CopiedTask>,
  pick: (task: CopiedTask) => StoredBytes | undefined,
): Iterable<StoredBytes> {
  for (const task of tasks) {
    const stored = pick(task);
    if (stored !== undefined) yield stored;
  }
}

/** Parts as they are printed, until what they show has changed. */
class KeptFragments implements Fragments {
  readonly store = new ByteStore();
  readonly #agents = new Map<string, Fragment>();
  readonly #fullAgents = new Map<string, Fragment>();

  task(record: TaskRecord): RawJson {
    const { task } = record;
    const make = (): string => jsonText(taskJson(record));
    if (!(task instanceof CopiedTask)) return new RawJson(make());
    task.listPart ??= new Fragment(this.store, make);
    return task.listPart;
  }

  /** All that is kept, in the order in which it is shown. */
  *kept(tasks: Iterable<CopiedTask>): Iterable<StoredBytes> {
    for (const fragments of [this.#agents, this.#fullAgents]) {
      for (const { kept } of fragments.values()) if (kept !== undefined) yield kept;
    }
    for (const { listPart } of tasks) {
      if (listPart instanceof Fragment && listPart.kept !== undefined) yield listPart.kept;
    }
  }

  agent(state: MasterState, agent: Agent): Fragment {
    return this.#kept(this.#agents, agent.id, () => jsonText(agentJson(state, agent)));
  }

  fullAgent(state: MasterState, agent: Agent): Fragment {
    return this.#kept(this.#fullAgents, agent.id, () => jsonText(fullAgentJson(state, agent)));
  }

  /** Something on the agent has changed, or the agent itself. */
  agentTouched(agentId: string): void {
    this.#agents.delete(agentId);
    this.#fullAgents.delete(agentId);
  }

  #kept(fragments: Map<string, Fragment>, key: string, make: () => string): Fragment {
    let fragment = fragments.get(key);
    if (fragment === undefined) {
      fragment = new Fragment(this.store, make);
      fragments.set(key, fragment);
    }
    return fragment;
  }
}
