// Calls and messages of every type with something wrong in them, or nothing, thrown at an agent: calls are
// answered and never with a fault of the agent's, what is refused has changed nothing, and the agent and its
// books are whole after each. In the end it starts again from what it has written down.
import { fromUtf8, utf8 } from '@kaon/primitives';
import {
  agentV1,
  decodeJson,
  decodeProto,
  encodeProto,
  executorV1,
  internal,
  recordDecoder,
  type Schema,
  validateId,
} from '@kaon/protocol';
import { callTypes, type Draft, mutate, mutateBytes, pick } from '@kaon/testkit';
import t, { type Test } from 'tap';
import {
  frameworkDraft,
  knownOf,
  type LiveExecutor,
  MESSAGE_NAMES,
  makeCall,
  makeMasterMessage,
  mutateNumber,
  type Things,
  taskDraft,
  thingsOf,
  volumeOperations,
} from './builders/fuzz-cases.ts';
import { brokenRules } from './builders/fuzz-rules.ts';
import { type FuzzWorld, givenFuzzWorld } from './builders/fuzz-world.ts';

/** Cases in a run of the tests; a campaign sets more. */
const CASES = Number(process.env['KAON_FUZZ_CASES'] ?? 6_000);
const SEED = Number(process.env['KAON_FUZZ_SEED'] ?? 1);
/** Cases after which a new world begins, so that a failure is found again quickly. */
const CASES_PER_WORLD = 250;
/** Cases in a second of the world's own time, which stands still but between cases. */
const CASES_PER_SECOND = 20;
/** Whatever else is answered is a failure. */
const ANSWERS = new Set([200, 202, 400, 403, 404, 405, 406, 415, 501, 503]);
/** Custom executors that are to be there before a case. */
const EXECUTORS_MIN = 2;

interface Ran {
  readonly what: string;
  readonly sent: unknown;
  readonly status: number | undefined;
  readonly problems: string[];
}

async function thingsIn(world: FuzzWorld): Promise<Things> {
  const { resourceVersion } = world;
  return world.inspect((state) => ({
    ...thingsOf(state),
    resourceVersion,
    volumes: state.resources.checkpointed
      .filter(({ disk }) => disk?.persistence)
      .map((one) => ({
        name: 'disk',
        type: 'SCALAR',
        scalar: { value: one.scalar?.value ?? 0 },
        reservations: [{ type: 'DYNAMIC', role: 'web' }],
        disk: {
          persistence: { id: one.disk?.persistence?.id },
          volume: { mode: 'RW', container_path: one.disk?.volume?.containerPath },
        },
      })),
  }));
}

/** One call on one of the agent's APIs, maybe with something wrong. */
async function runCall(
  world: FuzzWorld,
  things: Things,
  focus: LiveExecutor | undefined,
): Promise<Ran> {
  const { random } = world;
  const isExecutors = random.nextInt(3) > 0;
  const schema = (isExecutors ? executorV1.Call : agentV1.Call) as Schema<unknown>;
  const type = pick(random, callTypes(schema));
  const known = knownOf(things, focus);
  const call = makeCall(schema, type, random, known);
  if (isExecutors) {
    call['framework_id'] = { value: focus?.frameworkId ?? 'F1' };
    call['executor_id'] = { value: focus?.executorId ?? 'e1' };
  }
  const sent = mutate(call, random, pick(random, [0, 0, 1, 1, 2, 5]));
  const text = JSON.stringify(sent);
  let body = utf8(text);
  let contentType = 'application/json';
  const decoded = random.nextInt(3) === 0 ? decodeJson(schema, text) : undefined;
  if (decoded?.ok) {
    contentType = 'application/x-protobuf';
    body = encodeProto(schema, decoded.value);
  }
  if (random.nextInt(10) === 0) body = mutateBytes(body, random);
  const headers = {
    'content-type': contentType,
    accept: pick(random, ['application/json', 'application/x-protobuf', '*/*', 'text/html']),
  };
  const path = isExecutors ? '/api/v1/executor' : '/api/v1';
  const before = await world.picture();
  const answer = await world.send({ path, headers, body });
  const problems: string[] = [];
  const { status } = answer ?? {};
  if (answer?.stream) keepStream(world, answer.stream, contentType, body);
  if (!answer) problems.push('never answered');
  else if (!ANSWERS.has(answer.status)) problems.push(`answered ${status}`);
  else if (answer.status >= 400 && (await world.picture()) !== before) {
    problems.push('refused, and yet something has changed');
  }
  const said = answer && fromUtf8(answer.body);
  return { what: `${path} ${type}`, sent: { contentType, text, said }, status, problems };
}

/** Remembers for whom a stream was opened; some executors hang up again. */
function keepStream(
  world: FuzzWorld,
  stream: FuzzWorld['streams'][number]['stream'],
  contentType: string,
  body: Uint8Array,
): void {
  const call =
    contentType === 'application/json'
      ? decodeJson(executorV1.Call, fromUtf8(body))
      : decodeProto(executorV1.Call, body);
  if (!call.ok) throw new Error('a call that does not decode was given a stream');
  const { frameworkId, executorId } = call.value;
  world.streams.push({ frameworkId: frameworkId.value, executorId: executorId.value, stream });
  if (world.random.nextInt(5) === 0) stream.close();
}

/** One message of the master, maybe with something wrong. */
async function runMessage(
  world: FuzzWorld,
  things: Things,
  focus: LiveExecutor | undefined,
): Promise<Ran> {
  const { random } = world;
  const made = makeMasterMessage(random, knownOf(things, focus));
  if (!made) return { what: 'no message', sent: undefined, status: undefined, problems: [] };
  let body = mutate(made.body, random, pick(random, [0, 0, 1, 1, 2, 5]));
  if (random.nextInt(8) === 0) body = mutateNumber(body, random);
  const received = recordDecoder(made.schema)(body);
  if (received.ok && made.name === 'statusUpdateAcknowledgement') {
    // Whoever says so has the update, even when it was never sent.
    const { frameworkId, taskId } = received.value as internal.StatusUpdateAcknowledgementMessage;
    world.ended.add(`${frameworkId.value}/${taskId.value}`);
  }
  await world.tell(made.name, body);
  const problems =
    world.stopped || !received.ok ? [] : await unheard(world, made.name, received.value);
  return { what: made.name, sent: body, status: undefined, problems };
}

/** Each task with legal ids that came is here, or the master was told what became of it. */
async function unheard(world: FuzzWorld, name: string, body: unknown): Promise<string[]> {
  const isGroup = name === 'runTaskGroup';
  if (!isGroup && name !== 'runTask') return [];
  const { framework } = body as internal.RunTaskMessage;
  const frameworkId =
    framework.id?.value ??
    (isGroup ? undefined : (body as internal.RunTaskMessage).frameworkId?.value) ??
    '';
  const group = body as internal.RunTaskGroupMessage;
  const tasks = isGroup ? group.taskGroup.tasks : [(body as internal.RunTaskMessage).task];
  const executors = isGroup ? [group.executor] : tasks.flatMap(({ executor }) => executor ?? []);
  const taskIds = tasks.map(({ taskId }) => taskId.value);
  const ids = [frameworkId, ...taskIds, ...executors.map(({ executorId }) => executorId.value)];
  if (!ids.every((id) => validateId(id).ok) || new Set(taskIds).size < taskIds.length) return [];
  return world.inspect((state) => {
    if (state.frameworks.get(frameworkId)?.phase === 'terminating') return [];
    const isKnown = (id: string): boolean =>
      state.findTask(frameworkId, id) !== undefined ||
      state.stream(frameworkId, id) !== undefined ||
      world.heard.has(`${frameworkId}/${id}`);
    // Of a group with a member that is known, the others are not taken.
    if (taskIds.some(isKnown)) return [];
    return taskIds.map((id) => `nothing was heard of ${frameworkId}/${id}`);
  });
}

function decoded<T>(schema: Schema<T>, draft: Draft): T {
  const made = decodeJson(schema, JSON.stringify(draft));
  if (!made.ok) throw new Error(`not a ${schema.name}`);
  return made.value;
}

/** Brings back what is missing: the agent, executors and their streams, a volume. */
async function repair(world: FuzzWorld): Promise<Things> {
  const { random } = world;
  if (world.stopped) await world.start({ isNew: true });
  const things = await thingsIn(world);
  if (things.isDraining) {
    for (const { frameworkId, executorId } of things.executors) {
      const ids = { frameworkId: { value: frameworkId }, executorId: { value: executorId } };
      await world.tell('shutdownExecutor', ids);
    }
    await world.pass(6000);
  }
  if (things.executors.length < EXECUTORS_MIN) {
    const framework = frameworkDraft(random, pick(random, ['F1', 'F2']));
    const draft = { framework, task: taskDraft(random, things) };
    await world.tell('runTask', decoded(internal.RunTaskMessage, draft));
  }
  if (things.volumes.length === 0 && random.nextInt(5) === 0) {
    for (const operation of volumeOperations(random, things)) {
      await world.tell('applyOperation', decoded(internal.ApplyOperationMessage, operation));
    }
  }
  for (const { frameworkId, executorId, isRunning } of things.executors) {
    if (isRunning || random.nextInt(4) === 0) continue;
    await world.executorCall(frameworkId, executorId, { type: 'SUBSCRIBE', subscribe: {} });
  }
  // What was shut down takes its time to end.
  return world.stopped ? repair(world) : thingsIn(world);
}

async function rulesBroken(world: FuzzWorld): Promise<string[]> {
  const { stopped } = world;
  if (!stopped) return world.inspect((state) => brokenRules(state, world));
  // Told to, or contradicted by its master: that it ends is right.
  const isRight =
    stopped.kind === 'shutdown' || /^the master (re-)?registered/.test(stopped.message);
  const why = world.lastError instanceof Error ? world.lastError.stack : '';
  const problems = isRight ? [] : [`the agent ended: ${stopped.message} ${why}`];
  const open = world.streams.filter(({ stream }) => stream.isOpen);
  world.streams.length = 0;
  return open.length > 0 ? [...problems, 'streams of an agent that ended are open'] : problems;
}

async function runWorld(t: Test, seed: number, cases: number): Promise<Map<string, Set<string>>> {
  const world = await givenFuzzWorld(t, seed);
  const seen = new Map<string, Set<string>>();
  for (let index = 0; index < cases; index += 1) {
    const things = await repair(world);
    const focus = pick(world.random, things.executors);
    const run = world.random.nextInt(2) === 0 ? runCall : runMessage;
    const ran = await run(world, things, focus);
    ran.problems.push(...(await rulesBroken(world)));
    if (ran.problems.length > 0) {
      t.fail(`seed ${seed}, case ${index}, ${ran.what}`, { ...ran });
      return seen;
    }
    seen.set(ran.what, (seen.get(ran.what) ?? new Set()).add(`${ran.status ?? ''}`));
    if (index % CASES_PER_SECOND !== 0 || world.stopped) continue;
    await world.pass(world.random.nextInt(5) === 0 ? 20_000 : 1000);
    const problems = await rulesBroken(world);
    const shown = world.stopped ? undefined : await world.send({ method: 'GET', path: '/state' });
    if (shown && shown.status !== 200) problems.push(`/state is ${shown.status}`);
    if (problems.length > 0) {
      t.fail(`seed ${seed}, after case ${index}`, { problems });
      return seen;
    }
  }
  await world.start({ isNew: world.stopped !== undefined });
  t.strictSame(await rulesBroken(world), [], 'and it starts again from what it has written');
  return seen;
}

t.test(`${CASES} calls and messages with mistakes leave the agent whole`, async (t) => {
  const seen = new Map<string, Set<string>>();
  for (let done = 0; done < CASES; done += CASES_PER_WORLD) {
    const seed = SEED + done / CASES_PER_WORLD;
    await t.test(`seed ${seed}`, async (t) => {
      const cases = Math.min(CASES_PER_WORLD, CASES - done);
      for (const [key, statuses] of await runWorld(t, seed, cases)) {
        seen.set(key, new Set([...(seen.get(key) ?? []), ...statuses]));
      }
      t.ok(seen.size > 0);
    });
  }
  if (CASES < 20_000) return;
  const types = [
    ...callTypes(agentV1.Call).map((type) => `/api/v1 ${type}`),
    ...callTypes(executorV1.Call).map((type) => `/api/v1/executor ${type}`),
    ...MESSAGE_NAMES,
  ];
  for (const type of types) {
    const statuses = [...(seen.get(type) ?? [])];
    t.ok(statuses.length > 0, `${type} was sent`);
    t.comment(`${type}: ${statuses.sort().join(' ')}`);
  }
});
