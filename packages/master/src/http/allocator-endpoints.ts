// What the allocator decided and why, for people and scripts: `/allocator/explain`, `/allocator/plan`,
// `/allocator/policy`, at the root and below `/master`. Mesos has nothing like it.
import { textAnswer } from '@kaon/http';
import { type AgentId, type FrameworkId, toId } from '@kaon/protocol';
import { PLAN_PAGE_DEFAULT } from '../constants.ts';
import { explanationJson, planJson } from '../views/explanation-json.ts';
import { policyJson } from '../views/policy-json.ts';
import type { AllocatorReads } from './allocator-reads.ts';
import { type Answer, countOf, handle, json, nonEmpty } from './endpoint-answers.ts';
import type { Routes } from './endpoint-context.ts';

/** Mounts the endpoints. */
export function mountAllocatorEndpoints(routes: Routes, reads: AllocatorReads): void {
  const both = (path: string, answer: Answer): void => {
    for (const prefix of ['', '/master']) routes.route('GET', `${prefix}${path}`, handle(answer));
  };

  both('/allocator/explain', async (request) => {
    const { query } = request;
    const frameworkId = nonEmpty(query, 'framework_id');
    if (frameworkId === undefined) {
      return textAnswer(400, "Missing 'framework_id' query parameter");
    }
    const agentId = nonEmpty(query, 'agent_id');
    const explained = await reads.explain({
      frameworkId: toId<FrameworkId>(frameworkId),
      role: nonEmpty(query, 'role'),
      agentId: agentId === undefined ? undefined : toId<AgentId>(agentId),
    });
    return explained.ok ? json(request, explanationJson(explained.value)) : explained.error;
  });

  both('/allocator/plan', async (request) => {
    const { query } = request;
    const page = {
      frameworkId: nonEmpty(query, 'framework_id'),
      limit: countOf(query.get('limit'), PLAN_PAGE_DEFAULT),
    };
    const planned = await reads.plan();
    return planned.ok ? json(request, planJson(planned.value, page)) : planned.error;
  });

  both('/allocator/policy', async (request) => {
    const found = reads.policies();
    return found.ok ? json(request, policyJson(found.value)) : found.error;
  });
}
