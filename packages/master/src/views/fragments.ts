// The parts of which large answers are made. A view that is looked at again and again may keep them.
import type { JsonValue } from '@kaon/protocol';
import type { Agent } from '../state/agent.ts';
import type { MasterState } from '../state/master-state.ts';
import type { TaskRecord } from '../state/task-record.ts';
import { agentJson, fullAgentJson } from './agent-json.ts';
import { taskJson } from './task-json.ts';

/** Makes parts, or has them at hand. */
export interface Fragments {
  /** `taskJson`. */
  task(task: TaskRecord): JsonValue;
  /** `agentJson`. */
  agent(state: MasterState, agent: Agent): JsonValue;
  /** `fullAgentJson`. */
  fullAgent(state: MasterState, agent: Agent): JsonValue;
}

/** Makes each part when it is asked for. */
export const FRESH_FRAGMENTS: Fragments = {
  task: taskJson,
  agent: agentJson,
  fullAgent: fullAgentJson,
};
