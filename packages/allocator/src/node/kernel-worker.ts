// The worker thread's entry: one kernel, resident between tasks. Piscina calls the default export.
import { move, transferableSymbol, valueSymbol } from 'piscina';
import { type KernelAnswer, type KernelJob, residentKernel } from '../host/kernel-thread.ts';

const run = residentKernel();

/** Answers one job; the arrays of the answer are transferred, not copied. */
function answer(job: KernelJob): unknown {
  if (job.kind === 'crash') process.exit(1);
  const done = run(job);
  return move({
    get [transferableSymbol]() {
      return buffersOf(done);
    },
    get [valueSymbol]() {
      return done;
    },
  } as Parameters<typeof move>[0]);
}

function buffersOf(done: KernelAnswer): ArrayBufferLike[] {
  if (done.kind === 'lost') return [];
  // The chunks of a snapshot lie in shared memory, which cannot be transferred and need not be.
  return Object.values(done.batch)
    .filter((value) => ArrayBuffer.isView(value))
    .map(({ buffer }) => buffer);
}

// Piscina finds the function of a worker file under this name only.
export { answer as default };
