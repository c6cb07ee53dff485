// Which lists of the operator APIs appear in JSON even when they are empty.
import type { Schema } from './codec/schema.ts';
import * as agent from './generated/mesos-v1-agent.ts';
import * as master from './generated/mesos-v1-master.ts';

const ALWAYS_COMPLETE: readonly Schema<unknown>[] = [
  master.Response_GetTasks,
  master.Response_GetExecutors,
  master.Response_GetFrameworks,
  master.Response_GetAgents,
  agent.Response_GetTasks,
  agent.Response_GetExecutors,
  agent.Response_GetFrameworks,
];

/**
 * For `encodeJson(…, { emptyLists: OPERATOR_LISTS })`: Mesos prints the lists of `GET_TASKS`,
 * `GET_EXECUTORS`, `GET_FRAMEWORKS`, `GET_AGENTS` and `GET_STATE` even when empty, apart from the
 * deprecated ones. All other empty lists are left out.
 */
export const OPERATOR_LISTS: ReadonlySet<string> = new Set(
  ALWAYS_COMPLETE.flatMap((schema) =>
    schema.fields
      .filter((field) => field.label === 'repeated' && field.deprecated !== true)
      .map((field) => `${schema.name}.${field.name}`),
  ),
);
