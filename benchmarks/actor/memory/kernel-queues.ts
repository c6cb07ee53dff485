// Bytes that the kernel holds for loopback connections with one port, read from `/proc/net/tcp`. What an
// application handed over and the kernel does not hold is still buffered in the application.
import { readFileSync } from 'node:fs';

/** Bytes sent and not yet read by the other end; undefined where there is no `/proc/net/tcp`. */
export function kernelBytes(port: number): number | undefined {
  let text: string;
  try {
    text = readFileSync('/proc/net/tcp', 'utf8');
  } catch {
    return undefined;
  }
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  let bytes = 0;
  for (const line of text.split('\n').slice(1)) {
    const [, local, remote, , queues = ''] = line.trim().split(/\s+/);
    if (local === undefined || remote === undefined) continue;
    const [sending = '0', received = '0'] = queues.split(':');
    // Of this end only what it sends counts, of the other end only what it has not read.
    if (remote.endsWith(suffix)) bytes += Number.parseInt(sending, 16);
    if (local.endsWith(suffix) && !remote.endsWith(':0000')) bytes += Number.parseInt(received, 16);
  }
  return bytes;
}
