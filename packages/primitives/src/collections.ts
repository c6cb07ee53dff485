// Small operations on collections that the language lacks.

/** Splits `items` into those for which `keep` holds and the rest, in order. */
export function partition<T>(items: Iterable<T>, keep: (item: T) => boolean): [T[], T[]] {
  const kept: T[] = [];
  const rest: T[] = [];
  for (const item of items) (keep(item) ? kept : rest).push(item);
  return [kept, rest];
}

/** The value at `key`, made by `create` and stored when absent. */
export function getOrCreate<K, V>(map: Map<K, V>, key: K, create: () => V): V {
  const present = map.get(key);
  if (present !== undefined) return present;
  const created = create();
  map.set(key, created);
  return created;
}
