// A port between two threads, read without waiting for the event loop.
import {
  type MessagePort as NodePort,
  receiveMessageOnPort,
  type TransferListItem,
} from 'node:worker_threads';
import type { SyncPort } from '../threads/channel.ts';

/** `port` as the threads use it; it never keeps the process alive. */
export function syncPort(port: NodePort): SyncPort {
  return {
    post: (value, transfer) =>
      port.postMessage(value, transfer as unknown as readonly TransferListItem[]),
    take() {
      const received = receiveMessageOnPort(port) as { readonly message: unknown } | undefined;
      return received && { value: received.message };
    },
    close: () => port.close(),
  };
}
