// Every required field of every call, left out: the answer is 400 and names it.
import { fromUtf8, seededRandom, utf8 } from '@kaon/primitives';
import { masterV1, type Schema, schedulerV1 } from '@kaon/protocol';
import { callTypes, makeMessage, withoutRequired } from '@kaon/testkit';
import t from 'tap';
import { givenFuzzWorld } from './builders/fuzz-world.ts';

const APIS = [
  { path: '/api/v1/scheduler', schema: schedulerV1.Call as Schema<unknown> },
  { path: '/api/v1', schema: masterV1.Call as Schema<unknown> },
];
/** Random messages per call: optional parts with required fields are in some of them only. */
const MESSAGES_PER_CALL = 6;

for (const { path, schema } of APIS) {
  const types = callTypes(schema);
  t.test(`${path} names the required field that is missing`, async (t) => {
    const world = await givenFuzzWorld(t, 1);
    const random = seededRandom(11);
    const before = await world.stillPicture();
    let cases = 0;
    for (const type of types) {
      const body = schema.fields.find(({ name }) => name === type.toLowerCase());
      if (body?.message === undefined) continue;
      for (let round = 0; round < MESSAGES_PER_CALL; round += 1) {
        const call = {
          type,
          framework_id: { value: world.frameworkId },
          [body.name]: makeMessage(body.message(), random, () => undefined),
        };
        for (const { name, rest } of withoutRequired(schema, call)) {
          const headers = { 'content-type': 'application/json', 'mesos-stream-id': world.streamId };
          const answer = await world.routes.send({
            path,
            headers,
            body: utf8(JSON.stringify(rest)),
          });
          const text = fromUtf8(answer.body);
          cases += 1;
          if (answer.status === 400 && text.includes(name)) continue;
          t.fail(`${type} without ${name}`, { rest, status: answer.status, text });
        }
      }
    }
    t.ok(cases > 200, `${cases} fields were left out`);
    t.equal(await world.stillPicture(), before, 'and nothing has changed');
  });
}
