// What somebody is told whose tasks wait, on a clock that the test moves.
import { VirtualClock } from '@kaon/testkit';
import t from 'tap';
import type { RoleStanding } from '#cli/cluster/explanation';
import { waitingAdvice, watchWaiting } from '#cli/run/waiting-notice';

/** A watch over `waiting` tasks; what it says, by second. */
function givenWatch(initial: { waiting: number; advice?: () => Promise<string | undefined> }) {
  const clock = new VirtualClock();
  const told: string[] = [];
  let asked = 0;
  const given = {
    told,
    waiting: initial.waiting,
    advice: initial.advice ?? (async () => 'no agent has room'),
    get asked() {
      return asked;
    },
    forget: (): void => {},
    async advance(ms: number) {
      const untilMs = clock.monotonicMs() + ms;
      // What a timer sets off may set the next one.
      while (clock.step(untilMs)) await new Promise((resolve) => setImmediate(resolve));
      clock.jump(untilMs);
    },
  };
  given.forget = watchWaiting({
    clock,
    waitingTasks: () => given.waiting,
    advice: () => {
      asked += 1;
      return given.advice();
    },
    otherwise: (waiting) => `${waiting} wait`,
    note: (text) => told.push(`${clock.monotonicMs() / 1000} s ${text}`),
  });
  return given;
}

t.test('who waits is told why, soon and then every half minute', async (t) => {
  const watch = givenWatch({ waiting: 1 });
  await watch.advance(4999);
  t.same(watch.told, []);
  await watch.advance(60_001);
  t.same(watch.told, [
    '5 s waiting: no agent has room',
    '35 s waiting: no agent has room',
    '65 s waiting: no agent has room',
  ]);
  watch.forget();
  await watch.advance(60_000);
  t.equal(watch.told.length, 3, 'the end of the run ends it');
});

t.test('while tasks are launched nothing is said', async (t) => {
  const watch = givenWatch({ waiting: 3 });
  await watch.advance(4000);
  watch.waiting = 2;
  await watch.advance(5000);
  watch.waiting = 1;
  await watch.advance(4000);
  t.same(watch.told, []);
  await watch.advance(5000);
  t.same(watch.told, ['15 s waiting: no agent has room'], 'until that comes to a halt');
  watch.waiting = 0;
  await watch.advance(60_000);
  t.equal(watch.told.length, 1);
});

t.test('a master that explains nothing is asked once', async (t) => {
  const watch = givenWatch({ waiting: 2, advice: async () => undefined });
  await watch.advance(120_000);
  t.same(watch.told, ['5 s 2 wait']);
  t.equal(watch.asked, 1);
});

t.test('a master that does not answer is asked again', async (t) => {
  const watch = givenWatch({ waiting: 1, advice: () => Promise.reject(new Error('gone')) });
  await watch.advance(12_000);
  t.same(watch.told, ['5 s 1 wait']);
  watch.advice = async () => 'it is back';
  await watch.advance(3000);
  t.same(watch.told.slice(1), ['15 s waiting: it is back']);
});

t.test('an answer that comes after the launch is not told', async (t) => {
  let answer: (sentence: string) => void = () => undefined;
  const watch = givenWatch({
    waiting: 1,
    advice: () =>
      new Promise((resolve) => {
        answer = resolve;
      }),
  });
  await watch.advance(5000);
  watch.waiting = 0;
  answer('too late');
  await watch.advance(60_000);
  t.same(watch.told, []);
});

const ROLE = {
  advice: ['it was granted something of 1 agent of 5', '3 agents: others come first'],
  candidates: 5,
  granted_agents: 1,
  skipped_agents: { filtered: 1, lower_share: 3 },
  suitable_agents: 5,
  largest_agent: { cpus: 4, mem: 1024 },
} as unknown as RoleStanding;

t.test('a task larger than any agent is told so, whatever the master believes', (t) => {
  t.equal(
    waitingAdvice({ cpus: 8, mem: 64, disk: 0, gpus: 1 }, ROLE),
    'it can never be served: it asks for cpus 8, gpus 1, the most of one agent is cpus 4, gpus 0',
  );
  const nobody = { ...ROLE, advice: ['no agent can be offered to anybody'], candidates: 0 };
  const empty = { ...nobody, granted_agents: 0, skipped_agents: {} };
  t.equal(waitingAdvice({ cpus: 8 }, empty), 'no agent can be offered to anybody');
  t.end();
});

t.test('refusals of the run are told as offers that were too small', (t) => {
  const refusing = { ...ROLE, skipped_agents: { filtered: 3, lower_share: 1 } };
  t.equal(
    waitingAdvice({ cpus: 4, mem: 64, gpus: 0 }, refusing),
    '4 agents of 5 offered too little: it asks for cpus 4, mem 64',
  );
  t.equal(waitingAdvice({ cpus: 4, mem: 64 }, ROLE), '3 agents: others come first');
  t.end();
});
