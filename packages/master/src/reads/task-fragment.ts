// A task as it is printed, made when it is printed: so the first page of a long answer is on its way while the last
// one is not thought of yet.
import { jsonText, RawJson } from '@kaon/protocol';
import type { TaskRecord } from '../state/task-record.ts';
import { taskJson } from '../views/task-json.ts';

/** `taskJson` as text. Only `writeJson` knows how to print it. */
export class TaskFragment extends RawJson {
  #task: TaskRecord | undefined;
  #made = '';

  constructor(task: TaskRecord) {
    super('');
    this.#task = task;
  }

  /** Made once. */
  read(): string {
    if (this.#task !== undefined) {
      this.#made = jsonText(taskJson(this.#task));
      this.#task = undefined;
    }
    return this.#made;
  }
}
