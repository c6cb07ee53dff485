// The generated codecs do exactly what the schema tables say: both are given the same messages and bytes.
import { deepStrictEqual, equal } from 'node:assert/strict';
import {
  createMessage,
  decodeProto,
  encodeJson,
  encodeProto,
  type FieldSchema,
  type Schema,
  schemasByName,
} from '@kaon/protocol';
import fc from 'fast-check';
import t from 'tap';
import { generatedCodec } from '#protocol/codec/generated-codecs';
import { arbitraryMessage } from './builders/arbitrary-message.ts';

type Draft = Record<string, unknown>;

const OPTIONS = { seed: 3, numRuns: 6 };
const HOT = [...schemasByName.values()].filter((schema) => generatedCodec(schema) !== undefined);

const twins = new Map<Schema<unknown>, Schema<unknown>>();

/** The same schema at every depth, but without generated codecs: its messages go through the tables. */
function byTable(schema: Schema<unknown>): Schema<unknown> {
  let twin = twins.get(schema);
  if (twin === undefined) {
    const fields: FieldSchema[] = [];
    twin = { ...schema, fields };
    twins.set(schema, twin);
    for (const field of schema.fields) {
      const { message } = field;
      fields.push(message === undefined ? field : { ...field, message: () => byTable(message()) });
    }
  }
  return twin;
}

/** What `work` returns, or how it fails. The engine's own sentences name variables; they do not matter. */
function outcome(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error instanceof TypeError ? error.name : (error as Error).message;
  }
}

function assertAlike(schema: Schema<unknown>, work: (schema: Schema<unknown>) => unknown): unknown {
  const generated = outcome(() => work(schema));
  deepStrictEqual(
    generated,
    outcome(() => work(byTable(schema))),
    schema.name,
  );
  return generated;
}

/** Runs `check` with random messages of every schema that has a generated codec. */
function forHotMessages(check: (schema: Schema<unknown>, message: Draft) => void): void {
  for (const schema of HOT) {
    const property = fc.property(arbitraryMessage(schema), (message) => check(schema, message));
    fc.assert(property, OPTIONS);
  }
}

/** Every list of every schema, by full name. */
const LISTS = new Set(
  [...schemasByName.values()].flatMap(({ name, fields }) =>
    fields.filter(({ label }) => label === 'repeated').map((field) => `${name}.${field.name}`),
  ),
);

/** `message` without its empty lists and maps, at every depth. */
function withoutEmpty(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutEmpty);
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  const kept = Object.entries(value).filter(
    ([, each]) =>
      typeof each !== 'object' || each instanceof Uint8Array || Object.keys(each).length > 0,
  );
  return Object.fromEntries(kept.map(([key, each]) => [key, withoutEmpty(each)]));
}

t.test('there are generated codecs, and schemas without', async (t) => {
  t.ok(HOT.some(({ name }) => name === 'mesos.v1.TaskInfo'));
  t.ok(HOT.length < schemasByName.size);
});

t.test('bytes, text and objects are those of the tables', async (t) => {
  forHotMessages((schema, message) => {
    assertAlike(schema, (each) => Buffer.from(encodeProto(each, message)).toString('hex'));
    assertAlike(schema, (each) => encodeJson(each, message));
    assertAlike(schema, (each) => encodeJson(each, message, { emptyLists: LISTS }));
    assertAlike(schema, (each) => createMessage(each, message as never));
    assertAlike(schema, (each) => createMessage(each, withoutEmpty(message) as never));
  });
  t.pass('they are');
});

t.test('fields stand in the order of the tables', async (t) => {
  forHotMessages((schema, message) => {
    const made = [schema, byTable(schema)].map((each) => createMessage(each, message as never));
    equal(JSON.stringify(made[0]), JSON.stringify(made[1]), schema.name);
  });
  t.pass('they do');
});

t.test('messages that their type forbids fail with the same sentence', async (t) => {
  let failures = 0;
  for (const schema of HOT) {
    const whole = fc.sample(arbitraryMessage(schema), { seed: 4, numRuns: 2 });
    for (const message of whole) {
      for (const key of Object.keys(message)) {
        for (const wrong of [undefined, null, 'nonsense', 0.5, -1]) {
          const broken = { ...message, [key]: wrong };
          const encoded = assertAlike(schema, (each) => typeof encodeProto(each, broken));
          assertAlike(schema, (each) => encodeJson(each, broken));
          if (encoded !== 'object') failures += 1;
        }
      }
    }
  }
  t.ok(failures > 0);
});

t.test('bytes are read as by the tables, whole, cut, changed, doubled or bounded', async (t) => {
  for (const schema of HOT) {
    const property = fc.property(
      arbitraryMessage(schema),
      fc.nat(),
      fc.nat(255),
      fc.nat(12),
      (message, at, to, few) => {
        const bytes = encodeProto(schema, message);
        const changed = new Uint8Array(bytes);
        changed[at % (bytes.length + 1)] = to;
        const doubled = Buffer.concat([bytes, bytes]);
        const cut = bytes.subarray(0, at % (bytes.length + 1));
        // Fields that others may know, of every wire type, before and behind.
        const unknown = Buffer.from(
          `f8ff0105 f9ff01${'00'.repeat(8)} faff010161`.replaceAll(' ', ''),
          'hex',
        );
        const amid = Buffer.concat([unknown, bytes, unknown]);
        for (const each of [bytes, changed, doubled, cut, amid]) {
          assertAlike(schema, (one) => decodeProto(one, each));
        }
        assertAlike(schema, (one) => decodeProto(one, bytes, { depthMax: few % 4 }));
        assertAlike(schema, (one) => decodeProto(one, bytes, { messagesMax: few }));
      },
    );
    fc.assert(property, { seed: 5, numRuns: 8 });
  }
  t.pass('they are');
});

/** The bytes of each field on its own, and of an entry without a value for each map. */
function parts(schema: Schema<unknown>, message: Draft): readonly Uint8Array[] {
  return schema.fields.flatMap((field) => {
    const alone = { ...schema, fields: [field] };
    const value = message[field.key];
    const own = encodeProto<unknown>(alone, value === undefined ? {} : { [field.key]: value });
    return field.label === 'map'
      ? [own, encodeProto(keysOnly(field), { [field.key]: KEYS })]
      : [own];
  });
}

const KEYS = [{ key: 'a' }];
/** What the entries of `field` look like to one who knows no values. */
function keysOnly(field: FieldSchema): Schema<Draft> {
  const entry = {
    kind: 'message',
    name: 'Entry',
    fields: [{ name: 'key', key: 'key', number: 1, label: 'optional', type: 'string' }],
  } as const;
  const list = { ...field, label: 'repeated', type: 'message', message: () => entry } as const;
  return { kind: 'message', name: 'Keys', fields: [list] };
}

t.test('fields that are missing, or come in any order, are seen as by the tables', async (t) => {
  let complaints = 0;
  for (const schema of HOT) {
    for (const message of fc.sample(arbitraryMessage(schema), { seed: 7, numRuns: 2 })) {
      const optional = (field: FieldSchema): FieldSchema =>
        field.label === 'required' ? { ...field, label: 'optional' } : field;
      const lax = { ...schema, fields: schema.fields.map(optional) };
      const all = parts(lax, message);
      for (let at = 0; at < all.length; at += 1) {
        for (const chosen of [all.toSpliced(at, 1), [...all.slice(at), ...all]]) {
          const bytes = Buffer.concat(chosen);
          const decoded = assertAlike(schema, (each) => decodeProto(each, bytes));
          if (!(decoded as { ok: boolean }).ok) complaints += 1;
        }
      }
    }
  }
  t.ok(complaints > 0);
});

t.test('bytes that are no message at all fail as with the tables', async (t) => {
  for (const schema of HOT) {
    const bytes = fc.array(fc.constantFrom(0, 1, 2, 8, 10, 16, 18, 26, 34, 42, 50, 58, 66, 128), {
      maxLength: 30,
    });
    const property = fc.property(bytes, (list) => {
      assertAlike(schema, (each) => decodeProto(each, Uint8Array.from(list)));
    });
    fc.assert(property, { seed: 6, numRuns: 20 });
  }
  t.pass('they do');
});

t.test('objects made by generated codecs are plain', async (t) => {
  forHotMessages((schema, message) => {
    const decoded = decodeProto(schema, encodeProto(schema, message));
    for (const made of [createMessage(schema, message as never), decoded.ok && decoded.value]) {
      equal(Object.getPrototypeOf(made), Object.prototype);
    }
  });
  t.equal(Object.keys(Object.prototype).length, 0, 'and leave all others alone');
});
