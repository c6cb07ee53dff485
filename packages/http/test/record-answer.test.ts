// The answer to a subscriber: it begins with its first record and is over once, whoever ends it.
import { type HttpExchange, RecordAnswer } from '@kaon/http';
import { utf8 } from '@kaon/primitives';
import t, { type Test } from 'tap';
import { RawClient } from './builders/raw-client.ts';
import { serve } from './builders/served.ts';

const REQUEST = 'GET /subscribe HTTP/1.1\r\nHost: a\r\n\r\n';

/** A subscriber over a raw socket, its exchange and the answer to it; records of `refused` cannot be encoded. */
async function givenSubscriber(t: Test, bufferedBytesMax = 1000) {
  const arrived: ((exchange: HttpExchange) => void)[] = [];
  const { server, port } = await serve(t, { driver: 'node' }, (server) => {
    server.route('GET', '/subscribe', (exchange) => arrived.shift()?.(exchange));
  });
  const exchanged = new Promise<HttpExchange>((resolve) => arrived.push(resolve));
  const client = await RawClient.open(port, REQUEST);
  t.teardown(() => client.close());
  const exchange = await exchanged;
  const answer = new RecordAnswer<string>(exchange, {
    headers: { 'Content-Type': 'x', 'Mesos-Stream-Id': 's1' },
    encode: (record) => {
      if (record === 'refused') throw new Error('it cannot be said');
      return utf8(record);
    },
    bufferedBytesMax,
  });
  let ends = 0;
  answer.onClosed(() => {
    ends += 1;
  });
  return { server, client, exchange, answer, ends: () => ends };
}

t.test('each record is one chunk behind its length', async (t) => {
  const { client, answer, ends } = await givenSubscriber(t);
  t.ok(answer.send('hello'));
  t.ok(answer.send('ünder'), 'lengths are those of bytes');
  t.equal(ends(), 0);
  answer.close();
  t.notOk(answer.send('late'));
  answer.close();
  const text = await client.until((text) => text.endsWith('0\r\n\r\n'));
  t.match(text, /^HTTP\/1.1 200 OK\r\n/);
  t.match(text, /Content-Type: x\r\n/);
  t.match(text, /Mesos-Stream-Id: s1\r\n/);
  t.match(text, /\r\n\r\n7\r\n5\nhello\r\n8\r\n6\n..nder\r\n0\r\n\r\n$/);
  t.equal(ends(), 1);
});

t.test('until the first record the request can be answered otherwise', async (t) => {
  const { client, exchange, answer, ends } = await givenSubscriber(t);
  t.notOk(answer.send('refused'), 'what cannot be encoded begins nothing');
  answer.abandon();
  answer.abandon();
  exchange.respond({ status: 503, body: utf8('not now') });
  t.match(await client.until((text) => text.includes('not now')), /^HTTP\/1.1 503 /);
  t.notOk(answer.send('late'));
  t.equal(ends(), 1);
});

t.test('a record that cannot be encoded is left out, the others go on', async (t) => {
  const { client, answer } = await givenSubscriber(t);
  t.ok(answer.send('one'));
  t.notOk(answer.send('refused'));
  t.ok(answer.send('two'));
  t.match(await client.until((text) => text.includes('two')), /5\r\n3\none\r\n5\r\n3\ntwo\r\n/);
});

t.test('a subscriber that goes away is noticed, before and after the first record', async (t) => {
  for (const hasBegun of [false, true]) {
    const { client, answer, ends } = await givenSubscriber(t);
    const closed = new Promise<void>((resolve) => answer.onClosed(resolve));
    if (hasBegun) {
      answer.send('hello');
      await client.until((text) => text.includes('hello'));
    }
    client.close();
    await closed;
    t.notOk(answer.send('late'));
    t.equal(ends(), 1);
    let isTold = false;
    answer.onClosed(() => {
      isTold = true;
    });
    t.ok(isTold, 'who asks later is told at once');
  }
});

t.test('a subscriber that leaves too much unread is cut off', async (t) => {
  const { server, answer, ends } = await givenSubscriber(t);
  const closed = new Promise<void>((resolve) => answer.onClosed(resolve));
  const record = 'x'.repeat(100_000);
  let sent = 0;
  while (answer.send(record) && sent < 1000) sent += 1;
  t.ok(sent < 1000, `${sent} of 1000 were taken`);
  t.equal(server.stats.streamsOverflowed, 1);
  await closed;
  t.equal(ends(), 1);
});
