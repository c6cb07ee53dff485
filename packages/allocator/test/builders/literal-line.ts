// The plain rules of who comes when: the line of clients for one agent's turn, sorted anew each time.
import type { SorterKind } from '@kaon/allocator';
import type { Random } from '@kaon/primitives';
import type { LiteralClient, LiteralKernel } from './literal-kernel.ts';
import { isAtOrBelow, sum } from './literal-parcels.ts';

/** A child of a node of the tree: a role, the virtual leaf `.` of one, or a client of a leaf. */
interface Sibling {
  readonly name: string;
  readonly share: number;
  readonly weight: number;
  readonly allocations: number;
}

/**
 * Walks the line depth first. Lazy, because a random order draws only for what is visited:
 * nothing is drawn any more once `hasMore` says that the agent has nothing left.
 */
export class LiteralLine {
  readonly #kernel: LiteralKernel;
  readonly #chance: Random;
  readonly #hasMore: () => boolean;
  readonly #competing: readonly LiteralClient[];

  constructor(kernel: LiteralKernel, chance: Random, hasMore: () => boolean) {
    this.#kernel = kernel;
    this.#chance = chance;
    this.#hasMore = hasMore;
    this.#competing = kernel.clients().filter((client) => kernel.competes(client));
  }

  clients(): Generator<LiteralClient> {
    return this.#below('');
  }

  /** The clients at or below the role `node`; the root is the empty path. */
  *#below(node: string): Generator<LiteralClient> {
    if (!this.#hasMore()) return;
    const own = this.#competing.filter(({ path }) => path === node);
    const subRoles = this.#subRoles(node);
    if (subRoles.length === 0) {
      yield* this.#ofLeaf(own);
      return;
    }
    const names = own.length > 0 ? [...subRoles, '.'] : subRoles;
    if (names.includes('.')) this.#kernel.note('virtualLeaf');
    const children = names.map((name) => {
      const path = node === '' ? name : `${node}/${name}`;
      return {
        name,
        path,
        share: roleShare(this.#kernel, path),
        weight: this.#kernel.weights.get(path) ?? 1,
        allocations: this.#kernel.counts.get(path) ?? 0,
      };
    });
    for (const { name, path } of this.#inOrder(children, this.#kernel.options.roleSorter)) {
      if (name !== '.') yield* this.#below(path);
      else if (this.#hasMore()) yield* this.#ofLeaf(own);
    }
  }

  #ofLeaf(own: readonly LiteralClient[]): LiteralClient[] {
    const siblings = own.map((client) => ({
      client,
      name: client.framework.name,
      share: dominantShare(this.#kernel, client.held),
      weight: 1,
      allocations: client.allocations,
    }));
    const inOrder = this.#inOrder(siblings, this.#kernel.options.frameworkSorter);
    return inOrder.map(({ client }) => client);
  }

  /** Names of the children of `node` that have competing clients at or below them. */
  #subRoles(node: string): string[] {
    const prefix = node === '' ? '' : `${node}/`;
    const names = this.#competing
      .filter(({ path }) => path !== node && path.startsWith(prefix))
      .map(({ path }) => path.slice(prefix.length).split('/')[0] ?? '');
    return [...new Set(names)];
  }

  #inOrder<T extends Sibling>(siblings: readonly T[], sorter: SorterKind = 'drf'): T[] {
    if (sorter === 'drf') return [...siblings].sort((left, right) => this.#byTurn(left, right));
    this.#kernel.note('randomOrder');
    return [...siblings]
      .sort(byName)
      .map((sibling) => ({
        sibling,
        key: -Math.log(1 - this.#chance.next()) / sibling.weight,
      }))
      .sort((left, right) => left.key - right.key || byName(left.sibling, right.sibling))
      .map(({ sibling }) => sibling);
  }

  #byTurn(left: Sibling, right: Sibling): number {
    if (left.share !== right.share) return left.share - right.share;
    if (left.allocations !== right.allocations) {
      this.#kernel.note('tieByAllocations');
      return left.allocations - right.allocations;
    }
    this.#kernel.note('tieByName');
    return byName(left, right);
  }
}

/** Share of a role, or of the virtual leaf `path/.`, divided by its weight. */
export function roleShare(kernel: LiteralKernel, path: string): number {
  const held = kernel
    .clients()
    .filter((client) => path === `${client.path}/.` || isAtOrBelow(client.path, path))
    .map((client) => client.held);
  const weight = kernel.weights.get(path) ?? 1;
  return dominantShare(kernel, sum(held, kernel.options.kinds)) / weight;
}

function dominantShare(kernel: LiteralKernel, held: readonly number[]): number {
  const pool = kernel.pool();
  const shares = pool.map((total, kind) => {
    const counts = total > 0 && !kernel.options.excludedKinds.includes(kind);
    return counts ? (held[kind] ?? 0) / total : 0;
  });
  return Math.max(0, ...shares);
}

function byName(left: Sibling, right: Sibling): number {
  return left.name < right.name ? -1 : 1;
}
