// Records on disk: whole ones come back, half ones do not.
import { concatBytes, seededRandom } from '@kaon/primitives';
import { createMessage, TaskInfo } from '@kaon/protocol';
import t from 'tap';
import { decodeRecords, decodeSingle, encodeRecord } from '#agent/checkpoint/records';
import { givenTask } from './builders/simulated-agent.ts';

const records = ['t1', 't2', 't3'].map((id) => encodeRecord(TaskInfo, givenTask(id)));

t.test('what was written is read, wherever the file breaks off', async (t) => {
  const file = concatBytes(records);
  const ends = [0, 0, 0, 0];
  for (const [index, record] of records.entries())
    ends[index + 1] = (ends[index] as number) + record.length;
  for (let length = 0; length <= file.length; length += 1) {
    const read = decodeRecords(TaskInfo, file.subarray(0, length));
    if (!read.ok) return t.fail(read.error);
    const whole = ends.filter((end) => end > 0 && end <= length).length;
    if (read.value.records.length !== whole) t.fail(`${length} bytes hold ${whole} records`);
    if (read.value.validBytes !== ends[whole]) t.fail(`${length} bytes: ${read.value.validBytes}`);
  }
  const all = decodeRecords(TaskInfo, file);
  t.ok(all.ok && all.value.records[2]?.taskId.value === 't3');
});

t.test('a length comes first, in four bytes, little-endian, as Mesos has it', async (t) => {
  const [record] = records;
  const length = (record as Uint8Array).length - 4;
  t.strictSame([...(record as Uint8Array).subarray(0, 4)], [length & 255, length >> 8, 0, 0]);
});

t.test('noise is an error or nothing, never a crash', async (t) => {
  const random = seededRandom(9);
  for (let round = 0; round < 300; round += 1) decodeRecords(TaskInfo, random.nextBytes(round));
  t.equal(decodeSingle(TaskInfo, new Uint8Array(0)), undefined);
  t.notOk(decodeRecords(TaskInfo, new Uint8Array([1, 0, 0, 0, 255])).ok);
  const empty = encodeRecord(TaskInfo, createMessage(TaskInfo, givenTask('t')));
  t.ok(decodeSingle(TaskInfo, empty));
});
