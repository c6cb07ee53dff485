// Subscribers of a master's events on sockets of their own: one that stops reading is given up to a bound, then a new
// snapshot, and the others see nothing of it.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { RecordDecoder } from '@kaon/http';
import { fromUtf8 } from '@kaon/primitives';
import t, { type Test } from 'tap';
import { EVENT_BACKLOG_BYTES_MAX, SUBSCRIBER_BYTES_MAX } from '#master/constants';
import { givenHttpMaster, type HttpMaster } from './builders/http-master.ts';

/** Makes an event so large that few of them fill every buffer on the way. */
const NOTE_BYTES = 512 * 1024;
/** What is surely more than the buffers of the master and of the system's sockets. */
const CHANGES_MAX = 4 * (EVENT_BACKLOG_BYTES_MAX / NOTE_BYTES);

interface Framework {
  readonly framework_info: { readonly name: string };
}
interface SeenEvent {
  readonly type: string;
  readonly subscribed?: {
    readonly get_state: { readonly get_frameworks: { readonly frameworks: readonly Framework[] } };
  };
  readonly framework_updated?: { readonly framework: Framework };
}

/** A subscriber that keeps the types of events, with the name of the framework they tell of. */
class RawSubscriber {
  readonly seen: string[] = [];
  readonly socket: Socket;
  readonly #records = new RecordDecoder();
  #unread: Buffer = Buffer.alloc(0);
  #isInHead = true;
  #wake: () => void = () => undefined;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (bytes) => {
      this.#unread = Buffer.concat([this.#unread, bytes]);
      this.#read();
      this.#wake();
    });
  }

  static async open(t: Test, { url }: HttpMaster): Promise<RawSubscriber> {
    const { hostname, port } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port) });
    t.teardown(() => socket.destroy());
    await once(socket, 'connect');
    const body = '{"type":"SUBSCRIBE"}';
    const head = `Host: ${hostname}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}`;
    socket.write(`POST /api/v1 HTTP/1.1\r\n${head}\r\n\r\n${body}`);
    const subscriber = new RawSubscriber(socket);
    await subscriber.until('HEARTBEAT');
    return subscriber;
  }

  /** Waits until it has seen `what`. */
  async until(what: string): Promise<void> {
    while (!this.seen.includes(what)) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #read(): void {
    if (this.#isInHead) {
      const end = this.#unread.indexOf('\r\n\r\n');
      if (end < 0) return;
      this.#unread = this.#unread.subarray(end + 4);
      this.#isInHead = false;
    }
    for (;;) {
      const line = this.#unread.indexOf('\r\n');
      if (line < 0) return;
      const start = line + 2;
      const end = start + Number.parseInt(this.#unread.toString('latin1', 0, line), 16);
      if (this.#unread.length < end + 2) return;
      const records = this.#records.push(this.#unread.subarray(start, end));
      this.#unread = this.#unread.subarray(end + 2);
      if (!records.ok) throw records.error;
      for (const record of records.value) this.seen.push(summaryOf(fromUtf8(record)));
    }
  }
}

function summaryOf(record: string): string {
  const { type, subscribed, framework_updated } = JSON.parse(record) as SeenEvent;
  const [listed] = subscribed?.get_state.get_frameworks.frameworks ?? [];
  const framework = framework_updated?.framework ?? listed;
  return framework === undefined ? type : `${type} ${framework.framework_info.name}`;
}

/** A framework that is renamed with each call. */
async function givenRenaming(master: HttpMaster): Promise<(name: string) => Promise<void>> {
  const info = {
    user: 'root',
    name: 'first',
    roles: ['web'],
    capabilities: [{ type: 'MULTI_ROLE' }],
  };
  const stream = await master.subscribe(
    JSON.stringify({ type: 'SUBSCRIBE', subscribe: { framework_info: info } }),
  );
  const subscribed = await stream.heard((record) => record.includes('"SUBSCRIBED"'));
  const { framework_id } = (
    JSON.parse(subscribed) as { readonly subscribed: { readonly framework_id: object } }
  ).subscribed;
  const labels = { labels: [{ key: 'note', value: 'x'.repeat(NOTE_BYTES) }] };
  return async (name) => {
    const renamed = { ...info, id: framework_id, name, labels };
    await master.send({
      path: '/api/v1/scheduler',
      headers: {
        'Content-Type': 'application/json',
        'Mesos-Stream-Id': stream.headers['mesos-stream-id'] ?? '',
      },
      body: JSON.stringify({
        framework_id,
        type: 'UPDATE_FRAMEWORK',
        update_framework: { framework_info: renamed },
      }),
    });
  };
}

const updates = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, index) => `FRAMEWORK_UPDATED ${from + index}`);

t.test('who does not read is dropped to a snapshot, and the others lose nothing', async (t) => {
  const master = await givenHttpMaster(t);
  const rename = await givenRenaming(master);
  const slow = await RawSubscriber.open(t, master);
  const quick = await RawSubscriber.open(t, master);
  slow.socket.pause();
  const behind = (): number => master.master.counters.get('eventSubscribersBehind');
  let renamed = 0;
  let heldBytes = 0;
  while (behind() === 0 && renamed < CHANGES_MAX) {
    renamed += 1;
    await rename(String(renamed));
    await quick.until(`FRAMEWORK_UPDATED ${renamed}`);
    heldBytes = Math.max(heldBytes, master.http.stats.bufferedBytes);
  }
  t.equal(behind(), 1, `it fell behind after ${renamed} changes`);
  t.ok(heldBytes > SUBSCRIBER_BYTES_MAX / 2, 'something was held for it');
  t.ok(heldBytes < SUBSCRIBER_BYTES_MAX + 2 * NOTE_BYTES, `and no more than ${heldBytes} bytes`);
  t.same(quick.seen.slice(2), updates(1, renamed), 'the other one saw each change, once, in order');

  slow.socket.resume();
  await slow.until(`SUBSCRIBED ${renamed}`);
  await rename('last');
  await Promise.all([slow, quick].map((one) => one.until('FRAMEWORK_UPDATED last')));
  const snapshot = slow.seen.indexOf(`SUBSCRIBED ${renamed}`);
  const missed = renamed - (snapshot - 2);
  t.ok(missed > 0, `${missed} changes are only in the snapshot`);
  t.same(slow.seen, [
    'SUBSCRIBED first',
    'HEARTBEAT',
    ...updates(1, renamed - missed),
    `SUBSCRIBED ${renamed}`,
    'HEARTBEAT',
    'FRAMEWORK_UPDATED last',
  ]);
  t.same(quick.seen.slice(2), [...updates(1, renamed), 'FRAMEWORK_UPDATED last']);
  t.equal(behind(), 1);
});
