// Tasks of one kind ask for the same: their resources are one object, so that a large state holds few of them, and
// what is made of one is made once.
import { BoundedMap } from '@kaon/primitives';
import type { Resource } from '@kaon/protocol';
import { Resources } from '@kaon/resources';

/** Different amounts that are remembered; beyond it the oldest are made anew. */
const SHAPES_MAX = 4096;

const shapes = new BoundedMap<string, Resources>(SHAPES_MAX);

/** `Resources.of(records)`. Equal plain amounts, allocated alike, are most often the same object. */
export function sharedResources(records: readonly Resource[]): Resources {
  const shape = shapeOf(records);
  if (shape === undefined) return Resources.of(records);
  let resources = shapes.get(shape);
  if (resources === undefined) {
    resources = Resources.of(records);
    shapes.set(shape, resources);
  }
  return resources;
}

/** Says all of records that are nothing but amounts of one role; undefined for others. */
function shapeOf(records: readonly Resource[]): string | undefined {
  let shape = '';
  for (const record of records) {
    const { name, scalar, allocationInfo } = record;
    if (scalar === undefined || !isPlain(record)) return undefined;
    shape += `${JSON.stringify(name)}:${scalar.value}@${JSON.stringify(allocationInfo?.role) ?? ''};`;
  }
  return shape;
}

function isPlain(record: Resource): boolean {
  return (
    record.type === 'SCALAR' &&
    record.reservations.length === 0 &&
    record.reservation === undefined &&
    (record.role === undefined || record.role === '*') &&
    record.providerId === undefined &&
    record.disk === undefined &&
    record.revocable === undefined &&
    record.shared === undefined
  );
}

/** The sum of many, quick where many are the same object. As `Resources.sum`, but for the order of entries that never merge. */
export function sumOfShared(parts: Iterable<Resources>): Resources {
  const counts = new Map<Resources, number>();
  for (const part of parts) counts.set(part, (counts.get(part) ?? 0) + 1);
  let sum = Resources.empty;
  for (const [part, count] of counts) sum = sum.plus(times(part, count));
  return sum;
}

/** By doubling: a thousand times takes ten steps. */
function times(resources: Resources, count: number): Resources {
  let product = Resources.empty;
  let doubled = resources;
  for (let rest = count; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) product = product.plus(doubled);
    if (rest > 1) doubled = doubled.plus(doubled);
  }
  return product;
}
