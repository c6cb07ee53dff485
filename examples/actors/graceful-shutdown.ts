// A graceful shutdown: no new work, what is under way is finished, then everything stops in order.
import {
  createActorSystem,
  decodeInteger,
  decodeNothing,
  defineActor,
  defineProtocol,
  message,
  type Pid,
} from '@kaon/actor';

const writer = defineProtocol({ write: message(decodeInteger) });
const front = defineProtocol({ order: message(decodeInteger), close: message(decodeNothing) });

const writerActor = defineActor(writer, () => {
  const written: number[] = [];
  return {
    receive: { write: (order) => void written.push(order) },
    stopping: () => console.log(`written before the end: ${written.join(', ')}`),
  };
});

const frontActor = defineActor(front, (ctx, { to }: { readonly to: Pid<typeof writer> }) => {
  let isOpen = true;
  return {
    receive: {
      order: (number) => {
        if (isOpen) ctx.send(to, 'write', number);
        else console.log(`order ${number} comes too late`);
      },
      close: () => {
        isOpen = false;
      },
    },
    stopping: () => console.log('the front is closed'),
  };
});

const system = createActorSystem();
const last = system.spawn(writerActor, undefined);
const first = system.spawn(frontActor, { to: last });
// Stands for the server of a real program: something that keeps the process alive.
const server = setInterval(() => undefined, 60_000);
const shutDown = async (): Promise<void> => {
  // From the front to the back: each is told to end once its mailbox is empty.
  system.send(first, 'close', undefined);
  system.send(first, 'order', 4);
  for (const pid of [first, last]) {
    system.stop(pid, { drain: true });
    await system.terminated(pid);
  }
  await system.shutdown();
  clearInterval(server);
};
process.once('SIGTERM', () => void shutDown());
for (const number of [1, 2, 3]) system.send(first, 'order', number);
process.kill(process.pid, 'SIGTERM');

// Prints:
// order 4 comes too late
// the front is closed
// written before the end: 1, 2, 3
