// The worker thread's entry: one kernel, resident between tasks. Piscina calls the default export.
import { move, transferableSymbol, valueSymbol } from 'piscina';
import { type KernelAnswer, type KernelJob, residentKernel } from '../host/kernel-thread.ts';
import { importPolicy } from './policy-module.ts';

const run = residentKernel({ loadPolicy: importPolicy });

/** What a drill does to the next job. */
let drill: 'crash' | 'hang' | undefined;

/** Answers one job; the arrays of the answer are transferred, not copied. */
async function answer(job: KernelJob): Promise<unknown> {
  if (job.kind === 'crash' || job.kind === 'hang') {
    if (job.kind === 'crash' && job.isAtOnce) process.exit(1);
    drill = job.kind;
    return { kind: 'armed' } satisfies KernelAnswer;
  }
  const done = await run(job);
  if (drill === 'crash') process.exit(1);
  if (drill === 'hang') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  return move({
    get [transferableSymbol]() {
      return buffersOf(done);
    },
    get [valueSymbol]() {
      return done;
    },
  } as Parameters<typeof move>[0]);
}

function buffersOf(done: KernelAnswer): ArrayBuffer[] {
  if (done.kind !== 'done') return [];
  // The chunks of a snapshot lie in shared memory, which cannot be transferred and need not be. A view
  // of a part is not the batch's alone: whoever owns the rest would lose it.
  return Object.values(done.batch).flatMap((value) => {
    if (!ArrayBuffer.isView(value) || !(value.buffer instanceof ArrayBuffer)) return [];
    return value.byteLength === value.buffer.byteLength && value.byteLength > 0
      ? [value.buffer]
      : [];
  });
}

// Piscina finds the function of a worker file under this name only.
export { answer as default };
