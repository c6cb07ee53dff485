// The agent is being emptied: every task is killed gently, nothing new is taken, and when nothing is
// left the agent is as it was.
import { DrainConfig, type internal, type KillPolicy } from '@kaon/protocol';
import { encodeRecord } from '../checkpoint/records.ts';
import { TASK_KILL_GRACE_MS } from '../constants.ts';
import { type Effect, log } from '../effects.ts';
import type { AgentState } from '../state/agent-state.ts';
import type { TaskRecord } from '../state/task-record.ts';
import type { Env } from './env.ts';
import { killTask } from './kill-task.ts';

const WRITE_KEY = 'drain';

/** The master wants the agent emptied. From now on tasks are refused; the kills wait for the disk. */
export function drainAgent(
  state: AgentState,
  { config }: internal.DrainAgentMessage,
  env: Env,
): Effect[] {
  if (state.agentId === undefined) return [];
  if (isEmpty(state)) return [log('info', 'told to drain, and there is nothing to drain')];
  state.draining = { config, startMs: env.nowMs, isDurable: false };
  const path = state.identity.paths.drainConfig(state.agentId);
  const bytes = encodeRecord(DrainConfig, config);
  return [
    log('info', 'draining', { ...config }),
    {
      kind: 'persist',
      key: WRITE_KEY,
      after: ['agent'],
      writes: [{ kind: 'file', path, bytes }],
      next: { name: 'drainCheckpointed', body: { config } },
    },
  ];
}

/** A crash does not stop the draining any more: tasks may be killed. */
export function drainCheckpointed(
  state: AgentState,
  { config }: { readonly config: DrainConfig },
  env: Env,
): Effect[] {
  const { draining } = state;
  // Told anew meanwhile: the later word counts, once that is on disk.
  if (draining?.config !== config) return [];
  state.draining = { ...draining, isDurable: true };
  return killEverything(state, config, env);
}

/** The former run was draining. The tasks it had are recovered, and killed (again). */
export function resumeDraining(state: AgentState, config: DrainConfig, env: Env): Effect[] {
  state.draining = { config, startMs: env.nowMs, isDurable: true };
  return [log('info', 'draining goes on', { ...config }), ...killEverything(state, config, env)];
}

/** Ends the draining when neither tasks nor operations nor unacknowledged updates are left. */
export function endDraining(state: AgentState): Effect[] {
  if (!state.draining?.isDurable || !isEmpty(state)) return [];
  state.draining = undefined;
  const path = state.identity.paths.drainConfig(state.agentId as string);
  return [
    log('info', 'drained'),
    { kind: 'persist', key: WRITE_KEY, writes: [{ kind: 'remove', path }] },
  ];
}

function killEverything(state: AgentState, config: DrainConfig, env: Env): Effect[] {
  const effects: Effect[] = [];
  for (const framework of [...state.frameworks.values()]) {
    for (const record of [...framework.tasks()]) {
      if (record.isTerminal) continue;
      const message = {
        frameworkId: { value: framework.id },
        taskId: record.info.taskId,
        killPolicy: killPolicy(record, config),
      };
      effects.push(...killTask(state, message, env));
    }
  }
  return effects;
}

/** The grace of the task itself, but no more than the operator allows. */
function killPolicy({ info }: TaskRecord, { maxGracePeriod }: DrainConfig): KillPolicy {
  const own = info.killPolicy?.gracePeriod?.nanoseconds ?? TASK_KILL_GRACE_MS * 1e6;
  const most = Math.max(0, maxGracePeriod?.nanoseconds ?? own);
  return { gracePeriod: { nanoseconds: Math.min(own, most) } };
}

/** Frameworks stay as long as an executor lives or an update of theirs is not acknowledged. */
function isEmpty(state: AgentState): boolean {
  return state.frameworks.size === 0 && state.operations.size === 0;
}
