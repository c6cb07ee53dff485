// JSON as it stands on the wire: members in order, numbers as they are spelt. `JSON.parse` would lose both,
// and `1` and `1.0` are not the same to a client with a typed parser.

/** A piece of JSON. */
export type JsonTree =
  | { readonly kind: 'object'; readonly members: readonly (readonly [string, JsonTree])[] }
  | { readonly kind: 'array'; readonly items: readonly JsonTree[] }
  /** Anything else, as it is spelt: `"text"`, `1.0`, `true`. */
  | { readonly kind: 'scalar'; readonly text: string };

const TOKEN = /\s*(?:([[\]{},:])|("(?:[^"\\]|\\.)*")|([^\s[\]{},:"]+))\s*/y;

/** Parses; throws on anything that is not JSON. */
export function parseTree(text: string): JsonTree {
  JSON.parse(text);
  let at = 0;
  const next = (): string => {
    TOKEN.lastIndex = at;
    const found = TOKEN.exec(text);
    if (found === null) throw new Error(`no JSON at ${at}: ${text.slice(at, at + 40)}`);
    at = TOKEN.lastIndex;
    return (found[1] ?? found[2] ?? found[3]) as string;
  };
  const value = (token: string): JsonTree => {
    if (token === '{') {
      const members: (readonly [string, JsonTree])[] = [];
      for (let key = next(); key !== '}'; key = next()) {
        if (key === ',') continue;
        next();
        members.push([JSON.parse(key) as string, value(next())]);
      }
      return { kind: 'object', members };
    }
    if (token === '[') {
      const items: JsonTree[] = [];
      for (let item = next(); item !== ']'; item = next()) {
        if (item !== ',') items.push(value(item));
      }
      return { kind: 'array', items };
    }
    return { kind: 'scalar', text: token };
  };
  return value(next());
}

/** What one member of a tree is about: its path with `*` for places in lists, and what was found there. */
export interface Difference {
  /** `slaves/*\/pid`; empty at the top. */
  readonly path: string;
  readonly what: string;
}

/** Everything in which `actual` is not `expected`. */
export function differences(expected: JsonTree, actual: JsonTree, path = ''): Difference[] {
  if (expected.kind === 'object' && actual.kind === 'object') {
    return objectDifferences(expected.members, actual.members, path);
  }
  if (expected.kind === 'array' && actual.kind === 'array') {
    const below = path === '' ? '*' : `${path}/*`;
    const found: Difference[] = [];
    if (expected.items.length !== actual.items.length) {
      const what = `${expected.items.length} items recorded, ${actual.items.length} answered`;
      found.push({ path: below, what });
    }
    for (const [index, item] of expected.items.entries()) {
      const other = actual.items[index];
      if (other !== undefined) found.push(...differences(item, other, below));
    }
    return found;
  }
  const [recorded, answered] = [brief(expected), brief(actual)];
  return recorded === answered && expected.kind === actual.kind
    ? []
    : [{ path, what: `${recorded} recorded, ${answered} answered` }];
}

function objectDifferences(
  expected: readonly (readonly [string, JsonTree])[],
  actual: readonly (readonly [string, JsonTree])[],
  path: string,
): Difference[] {
  const found: Difference[] = [];
  const below = (key: string): string => (path === '' ? key : `${path}/${key}`);
  const answered = new Map(actual);
  const recorded = new Map(expected);
  for (const [key, value] of expected) {
    const other = answered.get(key);
    if (other === undefined) found.push({ path: below(key), what: 'recorded, not answered' });
    else found.push(...differences(value, other, below(key)));
  }
  for (const [key] of actual) {
    if (!recorded.has(key)) found.push({ path: below(key), what: 'answered, not recorded' });
  }
  const order = expected.map(([key]) => key).filter((key) => answered.has(key));
  const orderFound = actual.map(([key]) => key).filter((key) => recorded.has(key));
  if (order.join() !== orderFound.join()) {
    found.push({ path: below('(order)'), what: `${order.join()} recorded, ${orderFound.join()}` });
  }
  return found;
}

function brief(tree: JsonTree): string {
  if (tree.kind === 'scalar') return tree.text;
  return tree.kind === 'array' ? `[${tree.items.length}]` : `{${tree.members.length}}`;
}
