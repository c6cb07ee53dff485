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

function assertRoundTrip(through: (schema: Schema<unknown>, message: unknown) => unknown): void {
  for (const [name, schema] of schemasByName) {
    const property = fc.property(arbitraryMessage(schema), (message) => {
      deepStrictEqual(through(schema, message), { ok: true, value: message }, name);
    });
    fc.assert(property, OPTIONS);
  }
}

t.test('every message survives protobuf', async (t) => {
  t.doesNotThrow(() => {
    assertRoundTrip((schema, message) => decodeProto(schema, encodeProto(schema, message)));
  });
});

t.test('every message survives Mesos JSON', async (t) => {
  t.doesNotThrow(() => {
    assertRoundTrip((schema, message) => decodeJson(schema, encodeJson(schema, message)));
  });
});

t.test('every message survives as a plain record', async (t) => {
  t.doesNotThrow(() => {
    assertRoundTrip((schema, message) => recordDecoder(schema)(message));
  });
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
