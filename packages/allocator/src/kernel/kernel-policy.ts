// The part of an allocation policy that the kernel itself knows: another order of siblings.

/** A sibling as a policy sees it. */
export interface SiblingView {
  /** The part of the path, `.` for the frameworks of a role with sub-roles, or the framework's name. */
  readonly name: string;
  /** Path of the role; a leaf and a framework have that of the role they belong to. */
  readonly path: string;
  readonly kind: 'role' | 'leaf' | 'framework';
  /** Dominant share divided by weight. */
  readonly share: number;
  readonly weight: number;
  /** Grants so far. */
  readonly allocations: number;
  /** Thousandths per kind that its subtree holds. */
  readonly allocated: Float64Array;
}

/** What a policy changes inside the kernel. */
export interface KernelPolicy {
  /**
   * Negative when `left` is to be served before `right`. Must be a strict total order among siblings.
   * Default: by share, then allocations, then name.
   */
  readonly compareSiblings?: (left: SiblingView, right: SiblingView) => number;
}
