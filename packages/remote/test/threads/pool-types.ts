// What the compiler knows of a pool: names, options and protocols of what its module exports. Never run.
import type { ActorSystem, Pid } from '@kaon/actor';
import { startThreads, threadModule, transferring } from '@kaon/remote';
import type { WorkProtocol } from './actors.ts';

/** Compiles; each line marked must not. */
export async function typesOf(system: ActorSystem): Promise<void> {
  const module = threadModule<typeof import('./actors.ts')>('file:///actors.js');
  const pool = await startThreads(system, { module });

  const worker: Pid<WorkProtocol> = await pool.spawn('work', { notes: [] });
  system.send(worker, 'note', 'text');
  // @ts-expect-error a note is a string
  system.send(worker, 'note', 7);
  // @ts-expect-error the module exports no such actor
  await pool.spawn('worker', {});
  // @ts-expect-error what it exports under this name is no actor
  await pool.spawn('nothing', {});
  // @ts-expect-error its notes are strings
  await pool.spawn('work', { notes: [1] });
  // @ts-expect-error options are not left out
  await pool.spawn('work');
  // @ts-expect-error another protocol
  const other: Pid<WorkProtocol> = await pool.spawn('memory', undefined);
  // @ts-expect-error only buffers and ports are transferred
  transferring({ other }, ['text']);

  const untyped = await startThreads(system, { module: new URL('file:///actors.js') });
  const any: Pid = await untyped.spawn('whatever', { of: 'options' });
  // @ts-expect-error nothing is known of what it understands
  system.send(any, 'note', 'text');
}
