// Orders to a copy as bytes. Tasks, of which a large state mostly consists, come as protobuf, with their resources as
// the number of a shape that many of them have in common; all else crosses as structured clones.
import { deserialize, serialize } from 'node:v8';
import { concatBytes } from '@kaon/primitives';
import type { Resource } from '@kaon/protocol';
import { Resources } from '@kaon/resources';
import type { MirrorOrder } from '../reads/mirror-orders.ts';
import type { TaskData } from '../state/copied-task.ts';
import type { MirrorRecord } from '../state/mirror-record.ts';

/** Shapes that get a number; the resources of other tasks are read from their bytes. */
const SHAPES_MAX = 4096;

type TaskKind = 'task' | 'pastTask';
/** A record of a task is without it: those lie side by side. */
type Packed<R> = R extends { readonly kind: TaskKind } ? Omit<R, 'task'> : R;
type PackedRecord = Packed<MirrorRecord>;

interface PackedRecords {
  readonly kind: 'records';
  /** Undefined is the most common record: a task. */
  readonly records: readonly (PackedRecord | undefined)[];
  /** All tasks, one after the other, and how long each is. */
  readonly tasks: Uint8Array;
  readonly lengths: readonly number[];
  /** The shape of each; -1 is none. */
  readonly shapes: readonly number[];
  /** Shapes that get the next numbers. */
  readonly newShapes: readonly Shape[];
}

interface Shape {
  readonly resources: readonly Resource[];
  readonly role: string | undefined;
}

type PackedOrder = Exclude<MirrorOrder, { readonly kind: 'records' }> | PackedRecords;

/** Packs the orders of one copy, in order. */
export class OrderPacker {
  readonly #shapes = new Map<Resources, number>();

  /** The bytes of an order; nothing else lies in their memory for long. */
  pack(order: MirrorOrder): Uint8Array {
    if (order.kind === 'begin') this.#shapes.clear();
    const packed = order.kind === 'records' ? this.#packRecords(order.records) : order;
    return serialize(packed satisfies PackedOrder);
  }

  #packRecords(given: readonly MirrorRecord[]): PackedRecords {
    const records: (PackedRecord | undefined)[] = [];
    const tasks: Uint8Array[] = [];
    const shapes: number[] = [];
    const newShapes: Shape[] = [];
    for (const record of given) {
      if (record.kind !== 'task' && record.kind !== 'pastTask') {
        records.push(record);
        continue;
      }
      const { task, ...rest } = record;
      records.push(rest.kind === 'task' ? undefined : rest);
      tasks.push(task.bytes);
      shapes.push(this.#shapeOf(task, newShapes));
    }
    const lengths = tasks.map(({ length }) => length);
    return { kind: 'records', records, tasks: concatBytes(tasks), lengths, shapes, newShapes };
  }

  #shapeOf({ resources, role }: TaskData, newShapes: Shape[]): number {
    if (resources === undefined) return -1;
    const known = this.#shapes.get(resources);
    if (known !== undefined) return known;
    const number = this.#shapes.size;
    if (number >= SHAPES_MAX) return -1;
    this.#shapes.set(resources, number);
    newShapes.push({ resources: resources.toRecords(), role });
    return number;
  }
}

/** Unpacks what one packer packed, in the same order. */
export class OrderUnpacker {
  #shapes: Pick<TaskData, 'resources' | 'role'>[] = [];

  unpack(bytes: Uint8Array): MirrorOrder {
    const order = deserialize(bytes) as PackedOrder;
    if (order.kind === 'begin') this.#shapes = [];
    return order.kind === 'records'
      ? { kind: 'records', records: this.#unpackRecords(order) }
      : order;
  }

  #unpackRecords({ records, tasks, lengths, shapes, newShapes }: PackedRecords): MirrorRecord[] {
    for (const { resources, role } of newShapes) {
      this.#shapes.push({ resources: Resources.of(resources), role });
    }
    let next = 0;
    let start = 0;
    const task = (): TaskData => {
      const end = start + (lengths[next] ?? 0);
      const { resources, role } = this.#shapes[shapes[next] ?? -1] ?? {};
      const data = { bytes: tasks.subarray(start, end), resources, role };
      next += 1;
      start = end;
      return data;
    };
    return records.map((record) => {
      if (record === undefined) return { kind: 'task', task: task() };
      if (record.kind === 'pastTask') return { ...record, task: task() };
      return record as Exclude<MirrorRecord, { readonly kind: TaskKind }>;
    });
  }
}
