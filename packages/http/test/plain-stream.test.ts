// Streams of plain connections, and what their socket tells: on a socket of the test's own, whose every step it takes.
import type { Socket } from 'node:net';
import { utf8 } from '@kaon/primitives';
import t from 'tap';
import { chunk } from '#http/chunk';
import { PlainStream, StreamFlusher } from '#http/drivers/plain-stream';

/** A socket that takes what it is given when the test says so; as `Socket`, it tells of that above its mark only. */
function givenStream(highWaterMark: number) {
  let drains = 0;
  const socket = {
    writableLength: 0,
    writableNeedDrain: false,
    write(bytes: Uint8Array) {
      socket.writableLength += bytes.length;
      if (socket.writableLength >= highWaterMark) socket.writableNeedDrain = true;
    },
    cork: () => undefined,
    uncork: () => undefined,
  };
  const owner = {
    socket: socket as unknown as Socket,
    flusher: new StreamFlusher(),
    ended: () => undefined,
    abort: () => undefined,
  };
  const events = { drained: () => (drains += 1), closed: () => undefined };
  const stream = new PlainStream(owner, events as never, true);
  const drain = (): void => {
    socket.writableLength = 0;
    if (!socket.writableNeedDrain) return;
    socket.writableNeedDrain = false;
    stream.drained();
  };
  return { stream, drain, drains: () => drains };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

t.test(
  'a writer that waits hears of room, though the socket had it while a little was queued',
  async (t) => {
    const { stream, drain, drains } = givenStream(16_384);
    stream.write(chunk(new Uint8Array(100_000)));
    stream.write(chunk(utf8('a little')));
    drain();
    t.equal(drains(), 0, 'there is something to be sent first');
    await turn();
    t.equal(drains(), 1);
  },
);

t.test('it hears once, when what was queued fills the socket again', async (t) => {
  const { stream, drain, drains } = givenStream(16_384);
  stream.write(chunk(new Uint8Array(100_000)));
  stream.write(chunk(new Uint8Array(20_000)));
  drain();
  await turn();
  t.equal(drains(), 0);
  drain();
  t.equal(drains(), 1);
});
