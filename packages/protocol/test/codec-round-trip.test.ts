// What is written is read back the same, for every message and every encoding.
import { deepStrictEqual } from 'node:assert/strict';
import {
  decodeJson,
  decodeProto,
  encodeJson,
  encodeProto,
  recordDecoder,
  type Schema,
  schemasByName,
} from '@kaon/protocol';
import fc from 'fast-check';
import t from 'tap';
import { arbitraryMessage } from './builders/arbitrary-message.ts';

const OPTIONS = { seed: 1, numRuns: 8 };

t.test('every message survives protobuf, Mesos JSON and being a plain record', async (t) => {
  for (const [name, schema] of schemasByName) {
    // All three of one message: what takes time is making it up.
    const property = fc.property(arbitraryMessage(schema), (message) => {
      const whole = { ok: true, value: message };
      deepStrictEqual(
        decodeProto(schema, encodeProto(schema, message)),
        whole,
        `${name} in protobuf`,
      );
      deepStrictEqual(decodeJson(schema, encodeJson(schema, message)), whole, `${name} in JSON`);
      deepStrictEqual(recordDecoder(schema)(message), whole, `${name} as a record`);
    });
    fc.assert(property, OPTIONS);
  }
  t.ok(schemasByName.size > 100, 'of every schema');
});

t.test('bytes that are not the message never make a decoder throw', async (t) => {
  for (const schema of schemasByName.values()) {
    const property = fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      decodeProto(schema, bytes);
    });
    fc.assert(property, OPTIONS);
  }
  t.pass('all were answered with a result');
});

t.test('a message cut short or changed in one byte never makes a decoder throw', async (t) => {
  const schema = schemasByName.get('mesos.v1.TaskInfo') as Schema<unknown>;
  const property = fc.property(
    arbitraryMessage(schema),
    fc.nat(),
    fc.nat(255),
    (message, at, to) => {
      const bytes = encodeProto(schema, message);
      decodeProto(schema, bytes.subarray(0, at % (bytes.length + 1)));
      bytes[at % bytes.length] = to;
      decodeProto(schema, bytes);
    },
  );
  fc.assert(property, { seed: 1, numRuns: 200 });
  t.pass('all were answered with a result');
});
