// Where somebody else's rules meet the kernel: the order of siblings.

/** One child of a node of the role tree, as a comparison sees it. Read only; good for one comparison. */
export interface SiblingView {
  /** Last part of the role's path, `.` for the leaf of a role, or the framework's name. */
  readonly name: string;
  /** Path of the role; a leaf and a framework have that of the role they belong to. */
  readonly path: string;
  readonly kind: 'role' | 'leaf' | 'framework';
  /** Dominant share divided by weight. */
  readonly share: number;
  readonly weight: number;
  /** How many allocations it was given. */
  readonly allocations: number;
  /** Thousandths per kind that its subtree holds. */
  readonly allocated: Float64Array;
}

/**
 * Rules that take the place of the kernel's own.
 *
 * The kernel reads the property when a pass begins: it may be there in one pass and absent in the next.
 */
export interface KernelPolicy {
  /**
   * Below 0 when `left` comes first, above 0 when `right` does; never 0 for two nodes. Called for the
   * competing children of a node whenever they come up in the turn of an agent. The kernel sorts a list
   * of them by it and relies on nothing afterwards: a comparison that contradicts itself gives some
   * order. What it throws ends the pass half done, and the kernel is of no use any more.
   */
  readonly compareSiblings?: ((left: SiblingView, right: SiblingView) => number) | undefined;
}
