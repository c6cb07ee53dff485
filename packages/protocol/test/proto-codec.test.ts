// The proto2 rules: required fields are always written, optional ones when set, unknown ones skipped.
import {
  ContainerID,
  createMessage,
  DurationInfo,
  decodeProto,
  encodeProto,
  Filters,
  Labels,
  type Schema,
  schedulerV1,
  TaskStatus,
  Value_Range,
  Value_Scalar,
} from '@kaon/protocol';
import t from 'tap';

/** Nanoseconds of a date: beyond 2^53, yet exactly a double. */
const LARGE = Number('1795423265065093888');

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const bytes = (text: string): Uint8Array => Buffer.from(text.replaceAll(' ', ''), 'hex');

t.test('a required zero and an optional default are written', async (t) => {
  t.equal(hex(encodeProto(Value_Scalar, { value: 0 })), '090000000000000000');
  t.equal(hex(encodeProto(Filters, { refuseSeconds: 5 })), '090000000000001440');
  t.equal(hex(encodeProto(Filters, {})), '');
  t.equal(hex(encodeProto(schedulerV1.Call, { type: 'UNKNOWN' })), '1000');
});

t.test('what is absent stays absent', async (t) => {
  t.same(decodeProto(Filters, bytes('')), { ok: true, value: {} });
  t.same(decodeProto(schedulerV1.Call, bytes('1000')), { ok: true, value: { type: 'UNKNOWN' } });
});

t.test('missing required fields are told with their paths', async (t) => {
  t.match(decodeProto(Value_Scalar, bytes('')), {
    ok: false,
    error: { problem: 'Missing required fields: value' },
  });
  t.match(decodeProto(TaskStatus, bytes('0a00 1001')), {
    ok: false,
    error: { problem: 'Missing required fields: task_id.value' },
  });
});

t.test('unknown fields and unknown names of an enum are skipped', async (t) => {
  const unknownField = bytes('0a03 0a0174 1001 fa3f 0461626364');
  t.match(decodeProto(TaskStatus, unknownField), { ok: true, value: { state: 'TASK_RUNNING' } });
  const unknownSource = bytes('0a03 0a0174 1001 4863');
  const decoded = decodeProto(TaskStatus, unknownSource);
  t.notOk(decoded.ok && 'source' in decoded.value);
});

t.test('a message sent in two parts is one', async (t) => {
  const labels = createMessage(Labels, { labels: [{ key: 'a' }, { key: 'b' }] });
  const twice = bytes('0a03 0a0161 0a03 0a0162');
  t.same(decodeProto(Labels, twice), { ok: true, value: labels });
});

t.test('64-bit integers beyond 2^53 survive as well as a number can hold them', async (t) => {
  const status = createMessage(TaskStatus, {
    taskId: { value: 't' },
    state: 'TASK_UNREACHABLE',
    unreachableTime: { nanoseconds: LARGE },
  });
  t.same(decodeProto(TaskStatus, encodeProto(TaskStatus, status)), { ok: true, value: status });
});

t.test('the greatest 64-bit integers can be encoded again', async (t) => {
  // 2^63 - 1 and 2^64 - 1 would round up to what does not fit any more.
  const longest = decodeProto(DurationInfo, bytes('08 ffffffffffffffff7f'));
  t.same(longest, { ok: true, value: { nanoseconds: 2 ** 63 - 1024 } });
  const last = decodeProto(Value_Range, bytes('08 00 10 ffffffffffffffffff01'));
  t.same(last, { ok: true, value: { begin: 0, end: 2 ** 64 - 2048 } });
  for (const decoded of [longest, last]) {
    const schema = (decoded === longest ? DurationInfo : Value_Range) as Schema<unknown>;
    t.same(decoded.ok && decodeProto(schema, encodeProto(schema, decoded.value)), decoded);
  }
});

t.test('bytes of the result are copies', async (t) => {
  const input = encodeProto(schedulerV1.Call_Acknowledge, {
    agentId: { value: 'a' },
    taskId: { value: 't' },
    uuid: Uint8Array.of(1, 2, 3),
  });
  const decoded = decodeProto(schedulerV1.Call_Acknowledge, Buffer.from(input));
  input.fill(0);
  t.same(decoded.ok && [...decoded.value.uuid], [1, 2, 3]);
});

t.test('malformed bytes are refused', async (t) => {
  for (const text of ['ffffffff', '0aff', '0a', '0c', '00', '0a05 0a0174']) {
    t.match(decodeProto(TaskStatus, bytes(text)), { ok: false }, text);
  }
});

t.test('size, depth and number of messages are bounded', async (t) => {
  let nested: ContainerID = { value: 'c' };
  for (let depth = 0; depth < 150; depth += 1) nested = { value: 'c', parent: nested };
  t.match(decodeProto(ContainerID, encodeProto(ContainerID, nested)), {
    ok: false,
    error: { problem: 'messages are nested too deeply' },
  });
  const labels = createMessage(Labels, { labels: [{ key: 'a' }, { key: 'b' }] });
  const encoded = encodeProto(Labels, labels);
  t.match(decodeProto(Labels, encoded, { messagesMax: 2 }), {
    error: { problem: 'too many messages in one' },
  });
  t.match(decodeProto(Labels, encoded, { bytesMax: 3 }), {
    error: { problem: '10 bytes, at most 3 allowed' },
  });
});
