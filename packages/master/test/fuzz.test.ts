// Calls of every type with something wrong in them, or nothing: each is answered, none is answered 500, what
// is refused has changed nothing, and the books are right after each.
import { fromUtf8, type Random, utf8 } from '@kaon/primitives';
import { decodeJson, encodeProto, masterV1, type Schema, schedulerV1 } from '@kaon/protocol';
import {
  callTypes,
  type Draft,
  type Known,
  makeMessage,
  mutate,
  mutateBytes,
  pick,
} from '@kaon/testkit';
import t, { type Test } from 'tap';
import { type FuzzWorld, givenFuzzWorld } from './builders/fuzz-world.ts';

/** Cases in a run of the tests; a campaign sets more. */
const CASES = Number(process.env['KAON_FUZZ_CASES'] ?? 50_000);
const SEED = Number(process.env['KAON_FUZZ_SEED'] ?? 1);
/** Cases after which a new world begins, so that a failure is found again quickly. */
const CASES_PER_WORLD = 1000;
/** Cases in a second of the world's own time, which stands still but between cases. */
const CASES_PER_SECOND = 20;
/** Whatever else is answered is a failure. */
const ANSWERS = new Set([200, 202, 400, 401, 403, 404, 405, 406, 409, 415, 501, 503]);

interface Api {
  readonly name: string;
  readonly path: string;
  readonly schema: Schema<unknown>;
  readonly types: readonly string[];
}

const APIS: readonly Api[] = [
  {
    name: 'scheduler',
    path: '/api/v1/scheduler',
    schema: schedulerV1.Call,
    types: callTypes(schedulerV1.Call),
  },
  { name: 'operator', path: '/api/v1', schema: masterV1.Call, types: callTypes(masterV1.Call) },
];

/** Things that are there, so that many calls get far. */
function knownOf(world: FuzzWorld): Known {
  const { heard } = world;
  const id = (value: string): Draft => ({ value });
  const ofOffer = (random: Random): Draft | undefined => pick(random, heard.offers);
  return (name, random) => {
    if (random.nextInt(12) === 0) return undefined;
    switch (name) {
      case 'mesos.v1.OfferID':
        return (ofOffer(random) ?? pick(random, heard.inverseOffers))?.['id'];
      case 'mesos.v1.AgentID':
        return id(pick(random, [...world.agentIds]) ?? 'none');
      case 'mesos.v1.FrameworkID':
        return id(world.frameworkId);
      case 'mesos.v1.TaskID':
        return random.nextInt(2) === 0
          ? id(`task-${random.nextInt(1000)}`)
          : pick(random, heard.statuses)?.['task_id'];
      case 'mesos.v1.scheduler.Call.Acknowledge.uuid':
        return pick(random, heard.statuses)?.['uuid'];
      case 'mesos.v1.Resource':
        return resourceOf(random, ofOffer(random));
      case 'mesos.v1.MachineID':
        return { hostname: `host-${1 + random.nextInt(4)}`, ip: '127.0.0.1' };
      case 'mesos.v1.CommandInfo':
        return { value: 'true' };
      case 'mesos.v1.FrameworkInfo':
        return {
          user: 'root',
          name: 'other',
          roles: ['web'],
          capabilities: [{ type: 'MULTI_ROLE' }],
        };
      default:
        return /\.roles?$/.test(name) ? pick(random, ['web', 'web/app', '*', 'dev']) : undefined;
    }
  };
}

/** Some of what is offered, as it is or reserved or as a volume, or of the whole agent. */
function resourceOf(random: Random, offer: Draft | undefined): Draft {
  const offered = (offer?.['resources'] ?? []) as readonly Draft[];
  const resource = pick(random, offered) ?? {
    name: 'cpus',
    type: 'SCALAR',
    scalar: { value: 1 },
    allocation_info: { role: 'web' },
  };
  const part: Draft = { ...resource };
  if (part['scalar'] !== undefined) part['scalar'] = { value: pick(random, [0.1, 1, 2, 64]) };
  const reservation = { type: 'DYNAMIC', role: pick(random, ['web', 'web/app']) };
  switch (random.nextInt(4)) {
    case 0:
      return { ...part, reservations: [reservation] };
    case 1:
      return {
        ...part,
        name: 'disk',
        reservations: [reservation],
        disk: {
          persistence: { id: `v${random.nextInt(5)}` },
          volume: { mode: 'RW', container_path: 'data' },
        },
      };
    default:
      return part;
  }
}

/** One call of `type`, maybe with something wrong. */
function callOf(api: Api, type: string, world: FuzzWorld): Draft {
  const { random } = world;
  const known = knownOf(world);
  const call: Draft = { type };
  if (api.name === 'scheduler') call['framework_id'] = { value: world.frameworkId };
  const body = api.schema.fields.find(({ name }) => name === type.toLowerCase());
  const schema = body?.message?.();
  if (body !== undefined && schema !== undefined) {
    call[body.name] = makeMessage(schema, random, known);
  }
  return call;
}

interface Case {
  readonly text: string;
  readonly status: number;
  readonly answer: string;
}

/** Sends one case; what was sent and what came back. */
async function runCase(api: Api, type: string, world: FuzzWorld): Promise<Case> {
  const { random } = world;
  const wrongs = pick(random, [0, 1, 1, 1, 2, 5]);
  const call = mutate(callOf(api, type, world), random, wrongs);
  const text = JSON.stringify(call);
  let body = utf8(text);
  let contentType = 'application/json';
  const decoded = random.nextInt(3) === 0 ? decodeJson(api.schema, text) : undefined;
  if (decoded?.ok === true) {
    contentType = 'application/x-protobuf';
    body = encodeProto(api.schema, decoded.value);
  }
  if (random.nextInt(10) === 0) body = mutateBytes(body, random);
  const headers: Record<string, string> = {
    'content-type': contentType,
    accept: pick(random, ['application/json', 'application/x-protobuf', '*/*']),
  };
  if (api.name === 'scheduler' && type !== 'SUBSCRIBE' && random.nextInt(20) > 0) {
    headers['mesos-stream-id'] = world.streamId;
  }
  const answer = await world.routes.send({ path: api.path, headers, body });
  if (answer.stream !== undefined) answer.stream.close();
  await world.settle();
  return { text: `${contentType} ${text}`, status: answer.status, answer: fromUtf8(answer.body) };
}

async function runWorld(t: Test, seed: number, cases: number): Promise<Map<string, Set<number>>> {
  const world = await givenFuzzWorld(t, seed);
  const seen = new Map<string, Set<number>>();
  let before = await world.stillPicture();
  for (let index = 0; index < cases; index += 1) {
    const api = pick(world.random, APIS);
    const type = pick(world.random, api.types);
    const ran = await runCase(api, type, world);
    const isRefused = ran.status >= 400;
    const after = isRefused ? await world.picture() : await world.stillPicture();
    const problems = after === before ? [] : [...world.problems(after)];
    if (!ANSWERS.has(ran.status)) problems.push(`answered ${ran.status}`);
    // Of a file that is not there Mesos says nothing, either.
    const isWordless = ran.status === 404 && (type === 'LIST_FILES' || type === 'READ_FILE');
    if (isRefused && ran.answer === '' && !isWordless) {
      problems.push(`answered ${ran.status} without a word`);
    }
    if (isRefused && before !== after) problems.push('refused, and yet something has changed');
    if (problems.length > 0) {
      t.fail(`seed ${seed}, case ${index}, ${api.name} ${type}`, { ...ran, problems });
      return seen;
    }
    const key = `${api.name} ${type}`;
    seen.set(key, (seen.get(key) ?? new Set()).add(ran.status));
    if (index % CASES_PER_SECOND === 0) await world.pass(1000);
    before =
      (await world.repair()) || index % CASES_PER_SECOND === 0 ? await world.stillPicture() : after;
  }
  return seen;
}

t.test(`${CASES} calls with mistakes leave the master whole`, async (t) => {
  const seen = new Map<string, Set<number>>();
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
  if (CASES < 50_000) return;
  for (const { name, types } of APIS) {
    for (const type of types) {
      const statuses = [...(seen.get(`${name} ${type}`) ?? [])];
      t.ok(statuses.length > 0, `${name} ${type} was sent`);
      t.comment(`${name} ${type}: ${statuses.sort().join(' ')}`);
    }
  }
});
