// Which handler a method and a path belong to. Paths are compared as they stand on the wire, segment by
// segment; empty segments do not count, so `/master//state/` is `/master/state`.
import { getOrCreate, invariant } from '@kaon/primitives';

/** What a lookup found. */
export type RouteMatch<T> =
  | { readonly kind: 'found'; readonly value: T; readonly params: RouteParams }
  | { readonly kind: 'methodNotAllowed'; readonly allowed: readonly string[] }
  | { readonly kind: 'notFound' };

/** Captured segments by name, percent-decoded; what a trailing `*` stood for is named `*`. */
export type RouteParams = Readonly<Record<string, string>>;

interface RouteNode<T> {
  readonly literals: Map<string, RouteNode<T>>;
  parameter: { readonly name: string; readonly node: RouteNode<T> } | undefined;
  /** Values by method, `*` for any. */
  readonly exact: Map<string, T>;
  /** For this node and every path below it that has no route of its own. */
  readonly below: Map<string, T>;
}

const NO_PARAMS: RouteParams = {};
const NOT_FOUND = { kind: 'notFound' } as const;

/** A table of routes. Literal segments win over `:name`, both over `*`; among `*` the longest prefix. */
export class Router<T> {
  readonly #root: RouteNode<T> = newNode();
  /** Routes without captures by their literal path: spares most requests the walk. */
  readonly #literal = new Map<string, RouteNode<T>>();

  /**
   * Adds a route. `path` is `/a/b`, `/a/:name/b` or `/a/*`; any other character, such as a parenthesis,
   * stands for itself. `methods` may be `['*']`.
   */
  add(methods: readonly string[], path: string, value: T): void {
    invariant(path.startsWith('/'), `the route '${path}' starts with a slash`);
    let node = this.#root;
    let isLiteral = true;
    const segments = segmentsOf(path);
    const isPrefix = segments.at(-1) === '*';
    if (isPrefix) segments.pop();
    for (const segment of segments) {
      if (segment.startsWith(':')) {
        isLiteral = false;
        node.parameter ??= { name: segment.slice(1), node: newNode() };
        invariant(node.parameter.name === segment.slice(1), `'${path}' renames a parameter`);
        node = node.parameter.node;
      } else {
        node = getOrCreate(node.literals, segment, newNode<T>);
      }
    }
    const table = isPrefix ? node.below : node.exact;
    for (const method of methods) {
      invariant(!table.has(method), `${method} ${path} has one handler`);
      table.set(method, value);
    }
    if (isLiteral && !isPrefix) this.#literal.set(path, node);
  }

  /** The route of `method` and `path`. `HEAD` is served by a `GET` route unless it has its own. */
  find(method: string, path: string): RouteMatch<T> {
    const literal = this.#literal.get(path);
    if (literal !== undefined) return choose(literal.exact, method, NO_PARAMS);
    const segments = segmentsOf(path);
    const params: Record<string, string> = {};
    return this.#walk(this.#root, segments, 0, method, params) ?? NOT_FOUND;
  }

  #walk(
    node: RouteNode<T>,
    segments: readonly string[],
    depth: number,
    method: string,
    params: Record<string, string>,
  ): RouteMatch<T> | undefined {
    const segment = segments[depth];
    if (segment === undefined) {
      if (node.exact.size > 0) return choose(node.exact, method, params);
    } else {
      const literal = this.#literalChild(node, segment, depth);
      const found = literal && this.#walk(literal, segments, depth + 1, method, params);
      if (found !== undefined) return found;
      if (node.parameter !== undefined) {
        const value = decodeSegment(segment);
        if (value === undefined) return undefined;
        const captured = { ...params, [node.parameter.name]: value };
        const match = this.#walk(node.parameter.node, segments, depth + 1, method, captured);
        if (match !== undefined) return match;
      }
    }
    if (node.below.size === 0) return undefined;
    const rest = segments.slice(depth).map(decodeSegment);
    if (rest.includes(undefined)) return undefined;
    return choose(node.below, method, { ...params, '*': rest.join('/') });
  }

  /** Only the first segment, an actor's id, may be written with escapes: `/slave%281%29/state`. */
  #literalChild(node: RouteNode<T>, segment: string, depth: number): RouteNode<T> | undefined {
    const child = node.literals.get(segment);
    if (child !== undefined || depth > 0 || !segment.includes('%')) return child;
    const decoded = decodeSegment(segment);
    return decoded === undefined ? undefined : node.literals.get(decoded);
  }
}

function choose<T>(table: Map<string, T>, method: string, params: RouteParams): RouteMatch<T> {
  const value =
    table.get(method) ?? (method === 'HEAD' ? table.get('GET') : undefined) ?? table.get('*');
  if (value !== undefined) return { kind: 'found', value, params };
  return { kind: 'methodNotAllowed', allowed: [...table.keys()] };
}

function newNode<T>(): RouteNode<T> {
  return { literals: new Map(), parameter: undefined, exact: new Map(), below: new Map() };
}

function segmentsOf(path: string): string[] {
  return path.split('/').filter((segment) => segment !== '');
}

function decodeSegment(segment: string): string | undefined {
  if (!segment.includes('%')) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
