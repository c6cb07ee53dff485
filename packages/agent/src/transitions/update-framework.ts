// A framework changed its description or the place it listens at.
import { FrameworkInfo, type internal } from '@kaon/protocol';
import { encodeRecord } from '../checkpoint/records.ts';
import { type Effect, log } from '../effects.ts';
import type { AgentState } from '../state/agent-state.ts';
import { resumeUpdatesOf } from './forward-updates.ts';

/** The new description counts from now on; frameworks without anything here are of no concern. */
export function updateFramework(
  state: AgentState,
  { frameworkId, pid, frameworkInfo }: internal.UpdateFrameworkMessage,
): Effect[] {
  const framework = state.frameworks.get(frameworkId.value);
  if (!framework || framework.phase === 'terminating' || !frameworkInfo) return [];
  framework.schedulerPid = pid;
  // Whether it checkpoints is fixed by its first task: half of its records would be missing.
  framework.info = { ...frameworkInfo, checkpoint: framework.isCheckpointing };
  const fields = { frameworkId: framework.id, name: frameworkInfo.name };
  const effects: Effect[] = [log('info', 'framework updated', fields)];
  // It may have missed updates while it was away: they are not left to the next retry.
  effects.push(...resumeUpdatesOf(state, framework.id));
  if (!framework.isCheckpointing || framework.executors.size === 0) return effects;
  const path = state.identity.paths.frameworkInfo(state.agentId as string, framework.id);
  const bytes = encodeRecord(FrameworkInfo, framework.info);
  // The launches under way write the same file, with the former description.
  const after = [...framework.executors.values()].map(({ writeKey }) => writeKey);
  return [
    ...effects,
    { kind: 'persist', key: path, after, writes: [{ kind: 'file', path, bytes }] },
  ];
}
