// Figures are there in the time that is given for them, or left out.
import { AskError, type AskFailure, type AskOptions } from '@kaon/actor';
import t, { type Test } from 'tap';
import { askFigures, type FigureSource } from '#master/http/figures';
import { givenHttpMaster } from './builders/http-master.ts';

const QUESTION = { kind: 'metrics' } as const;

/** A master that does not answer, and the times it was given. */
function givenSilentMaster(failure: AskFailure) {
  const limitsMs: (number | undefined)[] = [];
  const system = {
    ask(_to: unknown, _name: string, _question: unknown, options?: AskOptions) {
      limitsMs.push(options?.timeoutMs);
      return Promise.reject(new AskError(failure, 'master@host', 'view', 'no answer'));
    },
  };
  return { source: { system, master: undefined } as unknown as FigureSource, limitsMs };
}

t.test('figures that are not there in time are left out', async (t) => {
  const { source, limitsMs } = givenSilentMaster('timeout');
  t.equal(await askFigures(source, QUESTION, 250), undefined);
  t.equal(await askFigures(source, QUESTION, -1), undefined, 'a time that is over already');
  t.same(limitsMs, [250, 0]);
});

t.test(
  'who gives no time, or more than there is, hears that the master does not answer',
  async (t) => {
    const { source, limitsMs } = givenSilentMaster('timeout');
    const rejected = { code: 'KAON_ASK_TIMEOUT' };
    await t.rejects(askFigures(source, QUESTION, undefined), rejected);
    await t.rejects(askFigures(source, QUESTION, 3_600_000), rejected);
    t.same(limitsMs, [10_000, 10_000]);
  },
);

t.test('a master that is gone is no matter of time', async (t) => {
  const { source } = givenSilentMaster('stopped');
  await t.rejects(askFigures(source, QUESTION, 250), { code: 'KAON_ASK_STOPPED' });
});

t.test('a master that has time answers with all figures, whatever it is given', async (t) => {
  const master = await givenHttpMaster(t);
  for (const nanoseconds of [undefined, 5e9, 9e18]) {
    t.ok((await figuresOf(t, master, nanoseconds)) > 50, `${nanoseconds} ns`);
  }
});

type HttpMaster = Awaited<ReturnType<typeof givenHttpMaster>>;

async function figuresOf(t: Test, master: HttpMaster, nanoseconds: number | undefined) {
  const get_metrics = nanoseconds === undefined ? {} : { timeout: { nanoseconds } };
  const { status, text } = await master.send({
    path: '/api/v1',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ type: 'GET_METRICS', get_metrics }),
  });
  t.equal(status, 200);
  return (JSON.parse(text) as Answer).get_metrics.metrics.length;
}

interface Answer {
  readonly get_metrics: { readonly metrics: readonly object[] };
}
