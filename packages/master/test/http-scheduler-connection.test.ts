// A scheduler's stream over HTTP: encodings, readers that are gone, and events that cannot be said.

import type { HttpExchange, ResponseStream } from '@kaon/http';
import { encodeProto, schedulerV1 } from '@kaon/protocol';
import t from 'tap';
import { HttpSchedulerConnection } from '#master/http/http-scheduler-connection';
import { givenHttpMaster } from './builders/http-master.ts';

/** An exchange that keeps what is written to it. */
function fakeExchange() {
  const chunks: Uint8Array[] = [];
  const aborts: (() => void)[] = [];
  const closes: (() => void)[] = [];
  let started = 0;
  const stream: ResponseStream = {
    write: (bytes) => chunks.push(bytes as Uint8Array) > 0,
    offer: () => true,
    flush: () => undefined,
    bufferedBytes: 0,
    isOpen: true,
    end: () => {
      for (const listener of closes) listener();
    },
    close: () => undefined,
    onClose: (listener) => {
      closes.push(listener);
    },
    onDrain: () => undefined,
  };
  const exchange = {
    isOpen: true,
    onAborted: (listener: () => void) => {
      aborts.push(listener);
    },
    stream: () => {
      started += 1;
      return stream;
    },
  } as unknown as HttpExchange;
  const abort = (): void => {
    for (const listener of aborts) listener();
  };
  return { exchange, chunks, abort, started: () => started };
}

t.test('each event is one chunk, and the stream starts with the first', (t) => {
  const fake = fakeExchange();
  const connection = new HttpSchedulerConnection(fake.exchange, 'json', 's1');
  t.equal(fake.started(), 0);
  t.equal(connection.send({ type: 'HEARTBEAT' }), true);
  t.equal(connection.send({ type: 'HEARTBEAT' }), true);
  t.equal(fake.started(), 1);
  t.strictSame(
    fake.chunks.map((chunk) => new TextDecoder().decode(chunk)),
    ['20\n{"type":"HEARTBEAT"}', '20\n{"type":"HEARTBEAT"}'],
  );
  t.end();
});

t.test('a reader that went away is told of once, also when it was long ago', (t) => {
  const fake = fakeExchange();
  const connection = new HttpSchedulerConnection(fake.exchange, 'protobuf', 's1');
  let told = 0;
  connection.onClosed(() => {
    told += 1;
  });
  connection.send({ type: 'HEARTBEAT' });
  fake.abort();
  connection.close();
  t.equal(told, 1);
  t.equal(connection.send({ type: 'HEARTBEAT' }), false);
  connection.onClosed(() => {
    told += 1;
  });
  t.equal(told, 2, 'a late listener hears at once');
  t.end();
});

t.test('a connection whose request was answered otherwise never starts', (t) => {
  const fake = fakeExchange();
  const connection = new HttpSchedulerConnection(fake.exchange, 'json', 's1');
  connection.abandon();
  t.equal(connection.send({ type: 'HEARTBEAT' }), false);
  connection.close();
  t.equal(fake.started(), 0);
  t.end();
});

t.test('an event that protobuf cannot hold is dropped, not thrown', (t) => {
  const fake = fakeExchange();
  const connection = new HttpSchedulerConnection(fake.exchange, 'protobuf', 's1');
  const event: schedulerV1.Event = { type: 'FAILURE', failure: { status: 1e300 } };
  t.throws(() => encodeProto(schedulerV1.Event, event));
  t.equal(connection.send(event), false);
  t.equal(connection.send({ type: 'HEARTBEAT' }), true);
  t.end();
});

t.test('a scheduler that speaks protobuf gets protobuf', async (t) => {
  const master = await givenHttpMaster(t);
  const stream = await master.subscribe(
    '{"type":"SUBSCRIBE","subscribe":{"framework_info":{"user":"root","name":"x"}}}',
    { Accept: 'application/x-protobuf' },
  );
  t.equal(stream.headers['content-type'], 'application/x-protobuf');
  await stream.heard(() => stream.records.length >= 2);
  t.match(stream.records[0], 'master@127.0.0.1');
  t.notMatch(stream.records[0], 'SUBSCRIBED');
  stream.close();
});

t.test('a scheduler that breaks off is disconnected, and removed without a timeout', async (t) => {
  const master = await givenHttpMaster(t);
  const stream = await master.subscribe(
    '{"type":"SUBSCRIBE","subscribe":{"framework_info":{"user":"root","name":"x"}}}',
  );
  await stream.heard((record) => record.includes('HEARTBEAT'));
  stream.close();
  for (;;) {
    const state = JSON.parse((await master.send({ method: 'GET', path: '/state' })).text);
    if (state.completed_frameworks.length === 1) break;
  }
  t.pass('the framework is among the completed ones');
});
