// A copy of a master's state that answers questions with pages. Lives in a thread of its own, or in the master's.
import { concatBytes, errorText, invariant, utf8 } from '@kaon/primitives';
import { jsonText, masterV1 } from '@kaon/protocol';
import { HEARTBEAT_INTERVAL_MS } from '../constants.ts';
import type { Agent } from '../state/agent.ts';
import type { MasterState } from '../state/master-state.ts';
import { MirrorState } from '../state/mirror-state.ts';
import type { TaskRecord } from '../state/task-record.ts';
import { agentJson, fullAgentJson } from '../views/agent-json.ts';
import { answerView } from '../views/answer-view.ts';
import type { Fragments } from '../views/fragments.ts';
import { taskJson } from '../views/task-json.ts';
import type { ViewContext } from '../views/view.ts';
import { COMPRESSED_BYTES_MIN, compressPages } from './compress-pages.ts';
import { Fragment } from './fragment.ts';
import { type TaskTexts, writeJson, writeMessage } from './json-pages.ts';
import type { MirrorNews, MirrorOrder } from './mirror-orders.ts';
import { BytePages, ownMemory, type PageSink, TextPages } from './pages.ts';
import { protoParts } from './proto-pages.ts';
import type { ReadQuestion } from './read-question.ts';
import { TextStore } from './text-store.ts';

type Order<K extends MirrorOrder['kind']> = Extract<MirrorOrder, { readonly kind: K }>;

/** Carries orders out and tells what came of them. */
export class Mirror {
  readonly #tell: (news: MirrorNews) => void;
  #copy: MirrorState | undefined;
  #context: ViewContext | undefined;
  #fragments = new KeptFragments();
  #texts: TaskTexts = noTexts();

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
        return this.#tell({ kind: 'took' });
      }
      case 'ask':
        return this.#answer(order);
      default:
        this.#copy = undefined;
        this.#fragments = new KeptFragments();
        this.#texts = noTexts();
    }
  }

  #begin({ facts, limits, flags }: Order<'begin'>): void {
    this.#fragments = new KeptFragments();
    this.#texts = noTexts();
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
    const pages: Uint8Array<ArrayBuffer>[] = [];
    let bytes = 0;
    let isHeadTold = false;
    const { coding } = question;
    const tellHead = (chosen: ReadQuestion['coding']): void => {
      isHeadTold = true;
      this.#tell({ kind: 'head', id, coding: chosen });
    };
    const sink: PageSink = (page) => {
      bytes += page.length;
      if (coding === 'identity') {
        if (!isHeadTold) tellHead(coding);
        this.#tell({ kind: 'page', id, page });
      } else pages.push(page);
    };
    try {
      this.#look(question, sink);
    } catch (error) {
      this.#tell({ kind: 'failed', id, text: errorText(error) });
      return;
    }
    if (coding !== 'identity' && bytes >= COMPRESSED_BYTES_MIN) {
      tellHead(coding);
      compressPages(pages, coding, {
        page: (page) => this.#tell({ kind: 'page', id, page }),
        end: () => this.#tell({ kind: 'end', id }),
        failed: (error) => this.#tell({ kind: 'failed', id, text: errorText(error) }),
      });
      return;
    }
    this.#fragments.store.answered(bytes);
    this.#texts.store.answered(bytes);
    if (!isHeadTold) tellHead('identity');
    for (const page of pages) this.#tell({ kind: 'page', id, page });
    this.#tell({ kind: 'end', id });
  }

  #look(question: ReadQuestion, sink: PageSink): void {
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
    sink: PageSink,
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

  /** One record is one chunk, so this is the one answer that is made in one piece. */
  #writeSnapshot(response: masterV1.Response, question: ReadQuestion, sink: PageSink): void {
    const { getState } = response;
    const event: masterV1.Event = {
      type: 'SUBSCRIBED',
      subscribed: { getState, heartbeatIntervalSeconds: HEARTBEAT_INTERVAL_MS / 1000 },
    };
    const parts: Uint8Array[] = [];
    this.#write(masterV1.Event, event, question, (page) => parts.push(page));
    const bytes = parts.reduce((sum, part) => sum + part.length, 0);
    sink(ownMemory(concatBytes([utf8(`${bytes}\n`), ...parts])));
  }
}

function noTexts(): TaskTexts {
  return { store: new TextStore(), known: new WeakMap() };
}

/** Parts as they are printed, until what they show has changed. */
class KeptFragments implements Fragments {
  readonly store = new TextStore();
  readonly #tasks = new WeakMap<TaskRecord, Fragment>();
  readonly #agents = new Map<string, Fragment>();
  readonly #fullAgents = new Map<string, Fragment>();

  task(task: TaskRecord): Fragment {
    let fragment = this.#tasks.get(task);
    if (fragment === undefined) {
      fragment = new Fragment(this.store, () => jsonText(taskJson(task)));
      this.#tasks.set(task, fragment);
    }
    return fragment;
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
