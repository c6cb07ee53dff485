// How JSON is printed; apart from the printing, so that generated code can name it.

/** How JSON is printed. */
export interface JsonOptions {
  /**
   * Lists that appear even when empty, by full name: `mesos.v1.master.Response.GetTasks.tasks`.
   * Default: none; an empty list is left out. See `OPERATOR_LISTS`.
   */
  readonly emptyLists?: ReadonlySet<string>;
}
