// Every required field of every call, left out: the answer is 400 and names it.
import { fromUtf8, seededRandom, utf8 } from '@kaon/primitives';
import { agentV1, executorV1, type Schema } from '@kaon/protocol';
import { callTypes, withoutRequired } from '@kaon/testkit';
import t from 'tap';
import { makeCall } from './builders/fuzz-cases.ts';
import { givenFuzzWorld } from './builders/fuzz-world.ts';

const APIS = [
  { path: '/api/v1/executor', schema: executorV1.Call as Schema<unknown>, casesMin: 100 },
  { path: '/api/v1', schema: agentV1.Call as Schema<unknown>, casesMin: 100 },
];
/** Calls whose body is optional, in Mesos as well. */
const WITHOUT_BODY = new Set(['GET_CONTAINERS', 'PRUNE_IMAGES']);
/** Random messages per call: optional parts with required fields are in some of them only. */
const MESSAGES_PER_CALL = 6;

for (const { path, schema, casesMin } of APIS) {
  t.test(`${path} names the required field that is missing`, async (t) => {
    const world = await givenFuzzWorld(t, 1);
    const random = seededRandom(11);
    const before = await world.picture();
    const ids = { framework_id: { value: 'F1' }, executor_id: { value: 'e1' } };
    let cases = 0;
    for (const type of callTypes(schema)) {
      for (let round = 0; round < MESSAGES_PER_CALL; round += 1) {
        const body = makeCall(schema, type, random, () => undefined);
        const call = path === '/api/v1' ? body : { ...ids, ...body };
        for (const { name, rest } of withoutRequired(schema, call)) {
          const headers = { 'content-type': 'application/json', accept: 'application/json' };
          const answer = await world.send({ path, headers, body: utf8(JSON.stringify(rest)) });
          const text = answer && fromUtf8(answer.body);
          cases += 1;
          if (answer?.status === 400 && text?.includes(name)) continue;
          t.fail(`${type} without ${name}`, { rest, status: answer?.status, text });
        }
      }
    }
    t.ok(cases > casesMin, `${cases} fields were left out`);
    t.equal(await world.picture(), before, 'and nothing has changed');
  });

  t.test(`${path} names the body that its type asks for`, async (t) => {
    const world = await givenFuzzWorld(t, 1);
    for (const type of callTypes(schema)) {
      const body = schema.fields.find(({ name }) => name === type.toLowerCase());
      if (!body || WITHOUT_BODY.has(type)) continue;
      const ids = { framework_id: { value: 'F1' }, executor_id: { value: 'e1' } };
      const call = path === '/api/v1' ? { type } : { ...ids, type };
      const headers = { 'content-type': 'application/json', accept: 'application/json' };
      const answer = await world.send({ path, headers, body: utf8(JSON.stringify(call)) });
      const text = answer && fromUtf8(answer.body);
      // What is not served says so, whatever is in it.
      if (answer?.status === 501) continue;
      const isNamed = answer?.status === 400 && text?.includes(`'${body.name}'`);
      t.ok(isNamed, `${type} without a body: ${answer?.status} ${text}`);
    }
  });
}
