// One stream alone: what counts as new, and what is the head.
import { formatUuid, seededRandom, uuidBytes } from '@kaon/primitives';
import { createMessage, internal, type TaskState } from '@kaon/protocol';
import t from 'tap';
import { UpdateStream, uuidText } from '#agent/status-updates/update-stream';

const random = seededRandom(1);

function given(state: TaskState): internal.StatusUpdate {
  const uuid = uuidBytes(random);
  return createMessage(internal.StatusUpdate, {
    frameworkId: { value: 'F' },
    status: { taskId: { value: 'T' }, state, uuid },
    timestamp: 1,
    uuid,
  });
}

function settled(stream: UpdateStream, state: TaskState): internal.StatusUpdate {
  const update = given(state);
  stream.receive(update);
  stream.settle(uuidText(update));
  return update;
}

t.test(
  'an update is new once, in flight until it is durable, a duplicate afterwards',
  async (t) => {
    const stream = new UpdateStream('F', 'T', undefined);
    const update = given('TASK_RUNNING');
    t.equal(stream.receive(update), 'new');
    t.equal(stream.receive(update), 'inFlight');
    t.equal(stream.head, undefined, 'not before it is durable');
    stream.settle(uuidText(update));
    t.equal(stream.head, update);
    t.equal(stream.receive(update), 'duplicate');
    stream.acknowledge(uuidText(update));
    t.equal(stream.receive(update), 'duplicate', 'even when it was acknowledged long ago');
  },
);

t.test('only the head can be acknowledged, and only once at a time', async (t) => {
  const stream = new UpdateStream('F', 'T', undefined);
  const first = settled(stream, 'TASK_STARTING');
  const second = settled(stream, 'TASK_RUNNING');
  t.notOk(stream.mayAcknowledge(uuidText(second)));
  t.ok(stream.mayAcknowledge(uuidText(first)));
  stream.beginAcknowledge(uuidText(first));
  t.notOk(stream.mayAcknowledge(uuidText(first)), 'it is being written');
  t.throws(() => stream.beginAcknowledge(uuidText(first)));
  t.equal(stream.acknowledge(uuidText(first)), first);
  t.equal(stream.head, second);
});

t.test('after a terminal update nothing is taken', async (t) => {
  const stream = new UpdateStream('F', 'T', undefined);
  const last = given('TASK_FAILED');
  t.equal(stream.receive(last), 'new');
  t.equal(stream.receive(given('TASK_RUNNING')), 'afterTerminal');
  t.notOk(stream.isDone);
  stream.settle(uuidText(last));
  stream.acknowledge(uuidText(last));
  t.ok(stream.isDone);
});

t.test('a stream is bounded, but a terminal update always fits', async (t) => {
  const stream = new UpdateStream('F', 'T', undefined);
  for (let count = 0; count < 1000; count += 1) {
    if (stream.receive(given('TASK_RUNNING')) !== 'new') t.fail('within the bound');
  }
  t.equal(stream.receive(given('TASK_RUNNING')), 'full');
  t.equal(stream.receive(given('TASK_FINISHED')), 'new');
});

t.test('replaying the records of a stream gives the stream', async (t) => {
  const stream = new UpdateStream('F', 'T', undefined);
  const first = given('TASK_STARTING');
  const second = given('TASK_RUNNING');
  t.ok(stream.replay({ type: 'UPDATE', update: first }));
  t.ok(stream.replay({ type: 'UPDATE', update: second }));
  t.ok(stream.replay({ type: 'ACK', uuid: first.uuid }));
  t.equal(stream.head && uuidText(stream.head), formatUuid(second.uuid as Uint8Array));
  t.notOk(stream.replay({ type: 'ACK', uuid: first.uuid }), 'an acknowledgement twice is nonsense');
  t.notOk(stream.replay({ type: 'UPDATE', update: second }), 'so is an update');
  t.notOk(stream.replay({ type: 'UPDATE' }));
});
