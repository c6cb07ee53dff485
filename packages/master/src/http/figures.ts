// Figures, within the time that whoever asks for them gives: one turn of the master knows them all, so that it is
// all of them or none.
import { type ActorSystem, answerInTime } from '@kaon/actor';
import { type HttpAnswer, type HttpRequest, textAnswer } from '@kaon/http';
import { err, ok, parseDuration, type Result } from '@kaon/primitives';
import { CALL_TIMEOUT_MS } from '../constants.ts';
import type { MasterPid } from '../protocol.ts';
import type { ViewAnswer, ViewQuestion } from '../views/view.ts';

/** Whom to ask. */
export interface FigureSource {
  readonly system: ActorSystem;
  readonly master: MasterPid;
}

/**
 * Asks for figures. Undefined: they were not there in `timeoutMs`, and are left out, as in Mesos. Without a
 * timeout, and with one beyond `CALL_TIMEOUT_MS`, it rejects as any question that the master does not answer.
 */
export function askFigures(
  { system, master }: FigureSource,
  question: ViewQuestion,
  timeoutMs: number | undefined,
): Promise<ViewAnswer | undefined> {
  const isBeyond = timeoutMs === undefined || timeoutMs > CALL_TIMEOUT_MS;
  const limitMs = isBeyond ? CALL_TIMEOUT_MS : Math.max(0, timeoutMs);
  const asked = system.ask(master, 'view', question, { timeoutMs: limitMs });
  return isBeyond ? asked : answerInTime(asked);
}

/** The `timeout` of a query, in milliseconds. 400 for what is no duration. */
export function timeoutOf({ query }: HttpRequest): Result<number | undefined, HttpAnswer> {
  const timeout = query.get('timeout');
  if (timeout === null) return ok(undefined);
  const parsed = parseDuration(timeout);
  if (parsed.ok) return parsed;
  const problem = parsed.error.slice(0, 300);
  return err(textAnswer(400, `Invalid timeout '${timeout.slice(0, 100)}': ${problem}.\n`));
}
