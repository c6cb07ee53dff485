// Calls of the operator API that Mesos does not have. Mesos' schema stays as it is: these are JSON only.
import {
  type HttpAnswer,
  type HttpRequest,
  jsonAnswer,
  MEDIA_TYPES,
  negotiateAnswer,
  textAnswer,
} from '@kaon/http';
import {
  type Decoded,
  decodeOptional,
  decodeRecord,
  decodeString,
  formatDecodeError,
  fromUtf8,
} from '@kaon/primitives';
import { type AgentId, type FrameworkId, jsonText, parseJson, toId } from '@kaon/protocol';
import { explanationJson } from '../views/explanation-json.ts';
import type { AllocatorReads } from './allocator-reads.ts';

const decodeId = decodeRecord({ value: decodeString });

const decodeCall = decodeRecord({
  type: decodeOptional(decodeString),
  explain_offers: decodeOptional(
    decodeRecord({
      framework_id: decodeId,
      role: decodeOptional(decodeString),
      agent_id: decodeOptional(decodeId),
    }),
  ),
});

type ExplainOffers = NonNullable<Decoded<typeof decodeCall>['explain_offers']>;

/** Answers a JSON call whose type is not one of Mesos'; undefined: nor is it one of Kaon's. */
export function answerExtensionCall(
  request: HttpRequest,
  reads: AllocatorReads,
): Promise<HttpAnswer> | HttpAnswer | undefined {
  const parsed = parseJson(fromUtf8(request.body));
  if (!parsed.ok || typeOf(parsed.value) !== 'EXPLAIN_OFFERS') return undefined;
  const call = decodeCall(parsed.value);
  if (!call.ok) return invalid(formatDecodeError(call.error));
  const { explain_offers: question } = call.value;
  if (question === undefined) return invalid("Expecting 'explain_offers' to be present");
  const encoding = negotiateAnswer(request);
  if (!encoding.ok) return encoding.error;
  if (encoding.value !== 'json') {
    return textAnswer(406, `EXPLAIN_OFFERS is answered as ${MEDIA_TYPES.json} only`);
  }
  return explainOffers(question, reads);
}

async function explainOffers(
  { framework_id, role, agent_id }: ExplainOffers,
  reads: AllocatorReads,
): Promise<HttpAnswer> {
  const explained = await reads.explain({
    frameworkId: toId<FrameworkId>(framework_id.value),
    role: role || undefined,
    agentId: agent_id?.value ? toId<AgentId>(agent_id.value) : undefined,
  });
  if (!explained.ok) return explained.error;
  const explain_offers = explanationJson(explained.value);
  return jsonAnswer(200, jsonText({ type: 'EXPLAIN_OFFERS', explain_offers }));
}

function typeOf(call: unknown): unknown {
  return typeof call === 'object' && call !== null && 'type' in call ? call.type : undefined;
}

function invalid(problem: string): HttpAnswer {
  return textAnswer(400, `Failed to validate master::Call: ${problem}`);
}
