// Orders to a copy as bytes. Tasks, of which a large state mostly consists, cross as protobuf: a third of the bytes
// and of the work for the master's thread; all else as structured clones.
import { deserialize, serialize } from 'node:v8';
import { invariant } from '@kaon/primitives';
import { decodeProto, encodeProto, Task } from '@kaon/protocol';
import type { MirrorOrder } from '../reads/mirror-orders.ts';
import type { MirrorRecord } from '../state/mirror-record.ts';

type TaskRecordKind = 'task' | 'pastTask';
type Packed<R> = R extends { readonly kind: TaskRecordKind }
  ? Omit<R, 'task'> & { readonly task: Uint8Array }
  : R;
type PackedRecord = Packed<MirrorRecord>;
type PackedOrder =
  | Exclude<MirrorOrder, { readonly kind: 'records' }>
  | { readonly kind: 'records'; readonly records: readonly PackedRecord[] };

/** The bytes of an order; nothing else lies in their memory for long. */
export function orderBytes(order: MirrorOrder): Uint8Array {
  const packed: PackedOrder =
    order.kind === 'records' ? { kind: 'records', records: order.records.map(pack) } : order;
  return serialize(packed);
}

/** The order that `bytes` were made of. */
export function orderOf(bytes: Uint8Array): MirrorOrder {
  const order = deserialize(bytes) as PackedOrder;
  return order.kind === 'records' ? { kind: 'records', records: order.records.map(unpack) } : order;
}

function pack(record: MirrorRecord): PackedRecord {
  if (record.kind !== 'task' && record.kind !== 'pastTask') return record;
  return { ...record, task: encodeProto(Task, record.task) };
}

function unpack(record: PackedRecord): MirrorRecord {
  if (record.kind !== 'task' && record.kind !== 'pastTask') return record;
  const task = decodeProto(Task, record.task);
  invariant(task.ok, 'a task that was encoded is one');
  return { ...record, task: task.value };
}
