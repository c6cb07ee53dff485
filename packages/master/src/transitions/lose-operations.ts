// What frameworks hear of the operations they sent to an agent that is gone.
import { idRecord } from '@kaon/protocol';
import { type Effect, toScheduler } from '../effects.ts';
import type { Agent } from '../state/agent.ts';
import type { MasterState } from '../state/master-state.ts';
import type { Loss } from './lose-tasks.ts';

/** Tells of each operation that has an id, once, and forgets them all: an agent that returns reports its own. */
export function loseOperations(
  state: MasterState,
  agent: Agent,
  { operations: told }: Pick<Loss, 'operations'>,
): readonly Effect[] {
  const effects: Effect[] = [];
  for (const operation of state.operations.onAgent(agent.id)) {
    const { id, frameworkId, info } = operation;
    state.operations.remove(operation);
    if (told === undefined) continue;
    if (told.state === 'OPERATION_GONE_BY_OPERATOR') {
      const { type = 'UNKNOWN' } = info;
      effects.push({ kind: 'countOperation', operation: type, state: told.state });
    }
    const framework = frameworkId && state.frameworks.get(frameworkId);
    if (framework === undefined || id === undefined) continue;
    const status = {
      operationId: idRecord(id),
      state: told.state,
      message: told.message,
      convertedResources: [],
      agentId: idRecord(agent.id),
    };
    effects.push(
      ...toScheduler(framework, {
        type: 'UPDATE_OPERATION_STATUS',
        updateOperationStatus: { status },
      }),
    );
  }
  return effects;
}
