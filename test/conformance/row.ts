// A row of the table: what is said of one call, event or endpoint, and which tests say so.

/** `equal`: what a client sees is what it sees of Mesos. `missing`: there is none, or no test shows it. */
export type Verdict = 'equal' | 'differs' | 'missing';

/** A test, by its file from the root of the repository and its title. */
export interface TestProof {
  readonly kind: 'test';
  readonly file: string;
  readonly title: string;
}

/** Recorded exchanges that are sent again. */
export interface ReplayProof {
  readonly kind: 'replay';
  readonly recordings: readonly string[];
}

export type Proof = TestProof | ReplayProof;

export interface Row {
  /** The part of the API, the heading in the document. */
  readonly api: string;
  readonly name: string;
  readonly verdict: Verdict;
  /** In what it differs or why there is none of it. */
  readonly why: string | undefined;
  readonly proofs: readonly Proof[];
}

type Judgement = Omit<Row, 'api' | 'name'>;

/** Files of tests that rows name. */
export const TEST_FILES = {
  life: 'test/conformance/scheduler-life.test.ts',
  lives: 'test/conformance/lives.test.ts',
  writes: 'test/conformance/writes.test.ts',
  encodings: 'test/conformance/encodings.test.ts',
  errors: 'test/conformance/recorded-errors.test.ts',
  metrics: 'test/conformance/metrics.test.ts',
  masterAgents: 'packages/master/test/agents.test.ts',
  masterChanges: 'packages/master/test/operator-changes-http.test.ts',
  masterResources: 'packages/master/test/resource-http.test.ts',
  masterLog: 'packages/master/test/log-http.test.ts',
  loggingLevel: 'packages/local/test/logging-level.test.ts',
  masterHttp: 'packages/master/test/operator-http.test.ts',
  executorCalls: 'packages/agent/test/executor-calls.test.ts',
  eventSockets: 'packages/master/test/event-stream-http.test.ts',
  masterEvents: 'packages/master/test/event-feed.test.ts',
  executorDriver: 'packages/executor/test/http-executor.test.ts',
  executors: 'packages/agent/test/custom-executors.test.ts',
  taskLife: 'packages/master/test/task-life.test.ts',
  actorRoutes: 'packages/remote/test/actor-routes.test.ts',
} as const;

/** Rows of one API by name. */
export function rows(api: string, judged: Readonly<Record<string, Judgement>>): readonly Row[] {
  return Object.entries(judged).map(([name, judgement]) => ({ api, name, ...judgement }));
}

export function equal(...proofs: readonly Proof[]): Judgement {
  return { verdict: 'equal', why: undefined, proofs };
}

/** Equal with a remark. */
export function equalUpTo(why: string, ...proofs: readonly Proof[]): Judgement {
  return { verdict: 'equal', why, proofs };
}

export function differs(why: string, ...proofs: readonly Proof[]): Judgement {
  return { verdict: 'differs', why, proofs };
}

export function missing(why: string, ...proofs: readonly Proof[]): Judgement {
  return { verdict: 'missing', why, proofs };
}

export function test(file: string, title: string): TestProof {
  return { kind: 'test', file, title };
}

export function replay(...recordings: readonly string[]): ReplayProof {
  return { kind: 'replay', recordings };
}
