// Columns in shared memory: copied once, then read by any number of threads without being sent.
import type { GrantedColumns } from './kernel-host.ts';

/** A copy of what suffices to give the grants of a batch again. */
export function sharedGrants(batch: GrantedColumns): GrantedColumns {
  return {
    agents: sharedInt32(batch.agents),
    frameworks: sharedInt32(batch.frameworks),
    roles: sharedInt32(batch.roles),
    bits: sharedInt32(batch.bits),
    chops: sharedInt32(batch.chops),
    chopped: sharedFloat64(batch.chopped),
  };
}

function sharedInt32(column: Int32Array): Int32Array {
  const copy = new Int32Array(new SharedArrayBuffer(column.byteLength));
  copy.set(column);
  return copy;
}

function sharedFloat64(column: Float64Array): Float64Array {
  const copy = new Float64Array(new SharedArrayBuffer(column.byteLength));
  copy.set(column);
  return copy;
}
