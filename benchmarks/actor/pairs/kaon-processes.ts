// Kaon between two processes: nodes with their defaults, actors that speak through them.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { pidOf } from '@kaon/actor';
import { startNode } from '@kaon/remote';
import { openPair } from './kaon-source.ts';
import type { Pair } from './pair.ts';
import { sinkProtocol } from './protocols.ts';

/** Starts the other process and connects to it. */
export async function openKaonProcesses(): Promise<Pair> {
  const child = fork(fileURLToPath(new URL('./kaon-sink.js', import.meta.url)));
  // Listened for at once: the child may be ready before this node is.
  const told = once(child, 'message');
  const node = await startNode();
  const [place] = (await told) as [string];
  const sink = pidOf(sinkProtocol, place);
  if (!sink.ok) throw new Error(sink.error);
  return openPair(node.system, sink.value, async () => {
    await node.close();
    child.kill();
    await once(child, 'exit');
  });
}
