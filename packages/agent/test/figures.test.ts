// Figures of an agent are there in the time that is given for them, or left out.
import { AskError, type AskOptions } from '@kaon/actor';
import t from 'tap';
import type { EndpointContext } from '#agent/http/context';
import { collectMetrics } from '#agent/http/metrics';

/** An agent that is too busy to answer, and the times it was given. */
function givenBusyAgent() {
  const limitsMs: (number | undefined)[] = [];
  const context = {
    writer: { pending: 0, failures: 0 },
    probeLoad: () => ({}),
    system: {
      clock: { nowMs: () => 0 },
      ask(_to: unknown, _name: string, _question: unknown, options?: AskOptions) {
        limitsMs.push(options?.timeoutMs);
        return Promise.reject(new AskError('timeout', 'agent@host', 'look', 'no answer'));
      },
    },
  };
  return { context: context as unknown as EndpointContext, limitsMs };
}

t.test('figures that are not there in time are left out', async (t) => {
  const { context, limitsMs } = givenBusyAgent();
  t.equal((await collectMetrics(context, 250)).size, 0);
  t.equal((await collectMetrics(context, -1)).size, 0, 'a time that is over already');
  t.same(limitsMs, [250, 0]);
});

t.test(
  'who gives no time, or more than there is, hears that the agent does not answer',
  async (t) => {
    const { context, limitsMs } = givenBusyAgent();
    await t.rejects(collectMetrics(context), { code: 'KAON_ASK_TIMEOUT' });
    await t.rejects(collectMetrics(context, 3_600_000), { code: 'KAON_ASK_TIMEOUT' });
    t.same(limitsMs, [undefined, undefined]);
  },
);
