// MessageChannel in one thread: what the platform itself offers. An actor is a port with a listener.
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import type { Runtime } from './workloads.ts';

interface Mailbox {
  readonly inside: MessagePort;
  readonly outside: MessagePort;
}

const open = new Set<Mailbox>();

function spawn(receive: (body: number) => void): Mailbox {
  const { port1: inside, port2: outside } = new MessageChannel();
  inside.on('message', (message: { readonly kind: string; readonly body: number }) =>
    receive(message.body),
  );
  const mailbox = { inside, outside };
  open.add(mailbox);
  return mailbox;
}

export const messageChannelRuntime: Runtime<Mailbox> = {
  spawn,
  send: (to, body) => to.outside.postMessage({ kind: 'message', body }),
  spawnStopping(stopping) {
    const mailbox = spawn(() => {
      mailbox.inside.close();
      open.delete(mailbox);
      stopping();
    });
    return mailbox;
  },
  close() {
    for (const { inside } of open) inside.close();
  },
};
