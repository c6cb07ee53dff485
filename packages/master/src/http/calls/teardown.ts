// TEARDOWN: an operator ends a framework.
import { textAnswer } from '@kaon/http';
import { type FrameworkId, idOf } from '@kaon/protocol';
import { CALL_TIMEOUT_MS } from '../../constants.ts';
import { answered, type CallHandler } from './call-handler.ts';

/** 400 for a framework nobody knows, 503 while the master recovers. */
export const teardownCall: CallHandler = async ({ teardown }, { system, master }) => {
  const question = { frameworkId: idOf<FrameworkId>(teardown?.frameworkId ?? { value: '' }) };
  const outcome = await system.ask(master, 'teardown', question, { timeoutMs: CALL_TIMEOUT_MS });
  if (outcome.kind !== 'refused') return answered({ status: 200 });
  return answered(textAnswer(outcome.why === 'notReady' ? 503 : 400, outcome.text));
};
