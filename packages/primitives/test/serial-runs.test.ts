// Callbacks one at a time.
import { SerialRuns } from '@kaon/primitives';
import t from 'tap';

function given(waitingMax = 10) {
  const errors: unknown[] = [];
  const runs = new SerialRuns({
    wait: (promise, done, failed) => void promise.then(done, failed),
    onError: (error) => errors.push(error),
    waitingMax,
  });
  return { runs, errors };
}

function gate() {
  let open: () => void = () => undefined;
  let fail: (error: Error) => void = () => undefined;
  const promise = new Promise<void>((resolve, reject) => {
    open = resolve;
    fail = reject;
  });
  return { promise, open, fail };
}

t.test('what is synchronous has run when it was added', async (t) => {
  const { runs } = given();
  const ran: number[] = [];
  runs.add(() => void ran.push(1));
  t.equal(runs.isBusy, false);
  runs.add(() => void ran.push(2));
  t.same(ran, [1, 2]);
});

t.test('what returns a promise holds back the rest, in order', async (t) => {
  const { runs } = given();
  const { promise, open } = gate();
  const ran: number[] = [];
  runs.add(() => promise);
  runs.add(() => void ran.push(1));
  runs.add(() => void ran.push(2));
  t.same(ran, []);
  t.equal(runs.size, 2);
  open();
  await promise;
  t.same(ran, [1, 2]);
});

t.test('what a run adds itself comes after it', async (t) => {
  const { runs } = given();
  const ran: number[] = [];
  runs.add(() => {
    runs.add(() => void ran.push(2));
    ran.push(1);
  });
  t.same(ran, [1, 2]);
});

t.test('an error is told, and the rest goes on', async (t) => {
  const { runs, errors } = given();
  const { promise, fail } = gate();
  const ran: number[] = [];
  runs.add(() => {
    throw new Error('at once');
  });
  runs.add(() => promise);
  runs.add(() => void ran.push(1));
  fail(new Error('later'));
  await promise.catch(() => undefined);
  await undefined;
  t.match(errors, [{ message: 'at once' }, { message: 'later' }]);
  t.same(ran, [1]);
});

t.test('more than may wait is refused and counted; what waits can be cleared', async (t) => {
  const { runs } = given(1);
  const { promise, open } = gate();
  const ran: number[] = [];
  runs.add(() => promise);
  t.equal(
    runs.add(() => void ran.push(1)),
    true,
  );
  t.equal(
    runs.add(() => void ran.push(2)),
    false,
  );
  t.equal(runs.refused, 1);
  runs.clear();
  open();
  await promise;
  t.same(ran, []);
});
