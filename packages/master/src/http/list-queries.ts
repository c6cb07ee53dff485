// Filters of lists, from the query of a request. The older endpoints and the operator API take the same.
import { type HttpAnswer, type HttpRequest, textAnswer } from '@kaon/http';
import { err, ok, type Result } from '@kaon/primitives';
import { LEGACY_KEYS, TaskState } from '@kaon/protocol';
import type { ListFilter } from '../views/list-filter.ts';
import { nonEmpty } from './endpoint-answers.ts';

const STATES: readonly string[] = TaskState.names;

/**
 * `framework_id`, `agent_id` (or Mesos' name of it), `role` and `state`.
 *
 * Empty ones count as not given. A state that no task can be in is 400 with the names of all.
 */
export function listFilter({ query }: HttpRequest): Result<ListFilter, HttpAnswer> {
  const taskState = nonEmpty(query, 'state');
  if (taskState !== undefined && !STATES.includes(taskState)) {
    const shown = taskState.slice(0, 100);
    const text = `Invalid 'state' '${shown}': expecting one of ${STATES.join(', ')}`;
    return err(textAnswer(400, text));
  }
  return ok({
    frameworkId: nonEmpty(query, 'framework_id'),
    agentId: nonEmpty(query, 'agent_id') ?? nonEmpty(query, LEGACY_KEYS.agentId),
    role: nonEmpty(query, 'role'),
    taskState: taskState as TaskState | undefined,
  });
}
