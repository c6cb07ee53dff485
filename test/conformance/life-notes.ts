// What somebody else did while a life was recorded: the notes of a recording, done again.
import type { GoldenNodes } from './golden-nodes.ts';
import type { LifeNames } from './life-names.ts';
import { RECORDED_MASTER } from './masks.ts';
import { exchange } from './raw-http.ts';

/** Does what a note tells of; most only tell what the next call is about. */
export async function act(nodes: GoldenNodes, names: LifeNames, note: string): Promise<void> {
  if (note.startsWith('agent2 told to unregister')) await nodes.stopAgent(5052);
  if (note.startsWith('agent2 restarted')) {
    names.bind(`${RECORDED_MASTER}-S1`, await nodes.startAgent(5052));
  }
  if (note.startsWith('i-norole has finished')) await untilFinished(nodes, 'i-norole');
}

/** The recording took longer than the task ran; its resources are free before its updates are through. */
async function untilFinished(nodes: GoldenNodes, taskId: string): Promise<void> {
  const path = '/state';
  for (;;) {
    const { body } = await exchange(nodes.addresses[5051], { method: 'GET', path, headers: [] });
    if (hasFinished(JSON.parse(body), taskId)) return;
  }
}

function hasFinished(json: unknown, taskId: string): boolean {
  if (typeof json !== 'object' || json === null) return false;
  const { id, state } = json as { readonly id?: unknown; readonly state?: unknown };
  if (id === taskId && state === 'TASK_FINISHED') return true;
  return Object.values(json).some((value) => hasFinished(value, taskId));
}
