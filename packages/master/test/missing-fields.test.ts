// Every required field of every call, left out: the answer is 400 and names it.
import { fromUtf8, seededRandom, utf8 } from '@kaon/primitives';
import { masterV1, type Schema, schedulerV1 } from '@kaon/protocol';
import t from 'tap';
import { givenFuzzWorld } from './builders/fuzz-world.ts';
import { type Draft, makeMessage } from './builders/message-maker.ts';

const APIS = [
  { path: '/api/v1/scheduler', schema: schedulerV1.Call as Schema<unknown> },
  { path: '/api/v1', schema: masterV1.Call as Schema<unknown> },
];
/** Random messages per call: optional parts with required fields are in some of them only. */
const MESSAGES_PER_CALL = 6;

/** Every place of a required field in `message`: a copy of the whole without it, and its name. */
function* withoutRequired(
  schema: Schema<unknown>,
  message: Draft,
): Generator<{ readonly name: string; readonly rest: Draft }> {
  for (const { name, label, type, message: inner } of schema.fields) {
    const value = message[name];
    if (value === undefined) continue;
    if (label === 'required') {
      const { [name]: _left, ...rest } = message;
      yield { name, rest };
    }
    if (type !== 'message' || inner === undefined || label === 'map') continue;
    const values = (label === 'repeated' ? value : [value]) as readonly Draft[];
    for (const [index, item] of values.entries()) {
      for (const found of withoutRequired(inner(), item)) {
        const items = values.map((other, at) => (at === index ? found.rest : other));
        yield {
          name: found.name,
          rest: { ...message, [name]: label === 'repeated' ? items : items[0] },
        };
      }
    }
  }
}

for (const { path, schema } of APIS) {
  const types = schema.fields.find(({ name }) => name === 'type')?.enum?.().names ?? [];
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
