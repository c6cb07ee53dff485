// What counts as reaching for the outside world: time, chance, disk, network, processes.
import ts from 'typescript';
import { moduleReferences, placeOf, type SourceFile, visit } from './repository.ts';

/** Modules that do I/O, keep time or start processes. Their types may be imported anywhere. */
const FORBIDDEN_MODULES: ReadonlySet<string> = new Set([
  ...['child_process', 'cluster', 'dgram', 'dns', 'dns/promises', 'fs', 'fs/promises'],
  ...['http', 'http2', 'https', 'net', 'os', 'perf_hooks', 'process', 'readline'],
  ...['timers', 'timers/promises', 'tls', 'worker_threads'],
  ...['ws', 'uWebSockets.js', 'undici', 'lmdb', 'etcd3', 'node-zookeeper-client'],
  ...['dockerode', 'piscina'],
]);

/** What of `node:crypto` is the same on each run. */
const PURE_CRYPTO: ReadonlySet<string> = new Set([
  ...['createHash', 'createHmac', 'hash', 'timingSafeEqual'],
]);

/** Globals that may not be named at all. */
const FORBIDDEN_GLOBALS: ReadonlySet<string> = new Set([
  ...['setTimeout', 'setInterval', 'setImmediate', 'performance', 'process', 'fetch', 'WebSocket'],
  ...['crypto', 'EventSource', 'BroadcastChannel'],
]);

/** Members of globals that are fine otherwise. */
const FORBIDDEN_MEMBERS: ReadonlySet<string> = new Set([
  ...['Date.now', 'Math.random', 'Atomics.wait', 'Atomics.waitAsync'],
]);

/** Each place where `file` reaches past the ports, as `path:line what`. */
export function reachesOutside(file: SourceFile): readonly string[] {
  const found: string[] = [];
  for (const { specifier, isTypeOnly, names, node } of moduleReferences(file)) {
    if (isTypeOnly) continue;
    const name = specifier.replace(/^node:/, '');
    const isImpureCrypto =
      name === 'crypto' && (names.length === 0 || names.some((one) => !PURE_CRYPTO.has(one)));
    if (FORBIDDEN_MODULES.has(name) || isImpureCrypto) {
      found.push(`${placeOf(file, node)} imports ${specifier}`);
    }
  }
  const own = ownNames(file);
  visit(file.tree, (node) => {
    const what = outsideName(node, own);
    if (what !== undefined) found.push(`${placeOf(file, node)} reaches for ${what}`);
  });
  return found;
}

function outsideName(node: ts.Node, own: ReadonlySet<string>): string | undefined {
  if (ts.isNewExpression(node) || ts.isCallExpression(node)) {
    const isDate = ts.isIdentifier(node.expression) && node.expression.text === 'Date';
    // `new Date(ms)` only converts; without a moment it reads the clock.
    if (isDate && (ts.isCallExpression(node) || !node.arguments?.length)) return 'Date()';
    return undefined;
  }
  if (ts.isPropertyAccessExpression(node)) {
    const text = `${node.expression.getText()}.${node.name.text}`;
    if (FORBIDDEN_MEMBERS.has(text)) return text;
    const isGlobalThis = node.expression.getText() === 'globalThis';
    return isGlobalThis && FORBIDDEN_GLOBALS.has(node.name.text) ? text : undefined;
  }
  if (!ts.isIdentifier(node) || !FORBIDDEN_GLOBALS.has(node.text)) return undefined;
  return isMemberName(node) || own.has(node.text) || isInType(node) ? undefined : node.text;
}

/** Names the file itself declares or imports, such as a parameter called `process`. */
function ownNames({ tree }: SourceFile): ReadonlySet<string> {
  const names = new Set<string>();
  visit(tree, (node) => {
    if (
      (ts.isVariableDeclaration(node) ||
        ts.isParameter(node) ||
        ts.isBindingElement(node) ||
        ts.isFunctionDeclaration(node) ||
        ts.isImportClause(node) ||
        ts.isNamespaceImport(node) ||
        ts.isImportSpecifier(node)) &&
      node.name &&
      ts.isIdentifier(node.name)
    ) {
      names.add(node.name.text);
    }
  });
  return names;
}

/** The `fetch` of `cache.fetch`, `{ fetch: … }` and `fetch(): void` is a member's name. */
function isMemberName(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.name === node;
  return (
    (ts.isPropertyAssignment(parent) ||
      ts.isMethodDeclaration(parent) ||
      ts.isMethodSignature(parent) ||
      ts.isPropertyDeclaration(parent) ||
      ts.isPropertySignature(parent) ||
      ts.isGetAccessorDeclaration(parent) ||
      ts.isBindingElement(parent)) &&
    (ts.isBindingElement(parent) ? parent.propertyName === node : parent.name === node)
  );
}

function isInType(node: ts.Node): boolean {
  for (let at: ts.Node | undefined = node.parent; at; at = at.parent) {
    if (ts.isTypeNode(at)) return true;
    if (ts.isStatement(at)) return ts.isInterfaceDeclaration(at);
  }
  return false;
}
