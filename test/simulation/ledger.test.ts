// Each rule of the ledger can be broken, and says so; a history that is in order breaks none.
import { type ExitReason, Pid, type Supervision } from '@kaon/actor';
import { Simulation } from '@kaon/testkit';
import t from 'tap';
import { Ledger, type Token } from './ledger.ts';

const parent = new Pid('parent', 'a:1');
const child = new Pid('child', 'a:1');
const twin = new Pid('twin', 'a:1');
const far = new Pid('far', 'b:1');

interface History {
  readonly ledger: Ledger;
  readonly start: (pid: Pid, under?: Token, supervision?: Supervision) => Token;
  readonly restart: (pid: Pid, nowMs?: number) => Token;
  readonly end: (pid: Pid, reason?: ExitReason) => void;
}

function history(isOrdered = true): History {
  const sim = new Simulation();
  const ledger = new Ledger(() => sim, isOrdered);
  const spec = { parent: undefined, supervision: { onFailure: 'stop' }, mailboxMax: 10 } as const;
  return {
    ledger,
    start: (pid, under, supervision = spec.supervision) => {
      ledger.onEvent({ kind: 'spawned', pid });
      return ledger.incarnated(pid, { ...spec, parent: under?.life, supervision }, 0);
    },
    restart: (pid, nowMs = 0) => ledger.incarnated(pid, spec, nowMs),
    end: (pid, reason = 'stopped') => ledger.onEvent({ kind: 'ended', pid, reason }),
  };
}

const RESTART: Supervision = { onFailure: 'restart', restartsMax: 2, windowMs: 100 };

const BROKEN: readonly (readonly [string, (given: History) => void])[] = [
  ['a setup runs for a running actor', ({ restart }) => void restart(parent)],
  [
    'one actor at a time has an id',
    ({ start }) => {
      start(parent);
      start(parent);
    },
  ],
  ['an actor ends once', ({ end }) => end(parent)],
  [
    'restarts never exceed their window',
    ({ start, restart }) => {
      start(parent, undefined, RESTART);
      for (const nowMs of [0, 50, 99]) restart(parent, nowMs);
    },
  ],
  [
    'restarts never exceed their window',
    ({ start, restart }) => {
      start(parent);
      restart(parent);
    },
  ],
  [
    'children end before their parent',
    ({ start, end }) => {
      start(child, start(parent));
      end(parent);
    },
  ],
  [
    'children end before their parent',
    ({ start, restart }) => {
      start(child, start(parent, undefined, RESTART));
      restart(parent);
    },
  ],
  [
    'children end in reverse order of their start',
    ({ start, end }) => {
      const token = start(parent);
      for (const pid of [child, twin]) start(pid, token);
      for (const pid of [child, twin, parent]) end(pid);
    },
  ],
  [
    'each incarnation says goodbye once',
    ({ ledger, start, end }) => {
      ledger.setUp(start(parent));
      end(parent);
    },
  ],
  [
    'each incarnation says goodbye once',
    ({ ledger, start }) => {
      const token = start(parent);
      ledger.setUp(token);
      for (let times = 0; times < 2; times += 1) ledger.goodbye(token, () => undefined);
    },
  ],
  [
    'each incarnation says goodbye once',
    ({ ledger, start, restart }) => {
      ledger.setUp(start(parent, undefined, RESTART));
      restart(parent);
    },
  ],
  [
    'an end is told to those outside when it came',
    ({ ledger, start }) => {
      ledger.awaited(start(parent).life);
    },
  ],
  [
    'an end is told to those outside when it came',
    ({ ledger, start, end }) => {
      start(parent);
      ledger.awaiting(parent);
      end(parent);
      ledger.checkRest();
    },
  ],
  [
    'no handler runs on a stopped actor',
    ({ ledger, start, end }) => {
      const token = start(parent);
      end(parent);
      ledger.during(token, 'note', () => undefined);
    },
  ],
  [
    'no handler of a former incarnation runs',
    ({ ledger, start, restart }) => {
      const token = start(parent, undefined, RESTART);
      restart(parent);
      ledger.during(token, 'note', () => undefined);
    },
  ],
  [
    'no handler runs inside another',
    ({ ledger, start }) => {
      const [outer, inner] = [start(parent), start(twin)];
      ledger.during(outer, 'note', () => ledger.during(inner, 'note', () => undefined));
    },
  ],
  [
    'a message arrives at most once',
    ({ ledger }) => {
      const stamp = ledger.sending(far);
      ledger.heard(parent, far, stamp);
      ledger.heard(parent, far, stamp);
    },
  ],
  [
    'messages of one sender to one receiver arrive in order',
    ({ ledger }) => {
      const [first, second] = [ledger.sending(far), ledger.sending(far)];
      ledger.heard(parent, far, second);
      ledger.heard(parent, far, first);
    },
  ],
  [
    'an ask ends exactly once',
    ({ ledger }) => {
      ledger.asked(undefined, 1, 10);
      ledger.askEnded(1, undefined, 1);
      ledger.askEnded(1, undefined, 1);
    },
  ],
  [
    'an ask times out at its time, and ends no later',
    ({ ledger }) => {
      ledger.asked(undefined, 1, 10);
      ledger.askEnded(1, 'timeout');
    },
  ],
  [
    'an ask is given the answer to its own question',
    ({ ledger }) => {
      ledger.asked(undefined, 1, 10);
      ledger.askEnded(1, undefined, 2);
    },
  ],
  [
    'an ask times out at its time, and ends no later',
    ({ ledger }) => {
      ledger.asked(undefined, 1, -1);
      ledger.askEnded(1, undefined, 1);
    },
  ],
  [
    'every ask ends',
    ({ ledger, start }) => {
      ledger.asked(start(parent), 1, 10);
      ledger.checkRest();
    },
  ],
  [
    'an exit is told at most once per link',
    ({ ledger, start }) => {
      const token = start(parent);
      ledger.linking(token, twin);
      ledger.toldExit(token, twin, 'stopped');
      ledger.toldExit(token, twin, 'stopped');
    },
  ],
  [
    'an exit is never told of a live actor, and for its true reason',
    ({ ledger, start }) => {
      const [token] = [start(parent), start(twin)];
      ledger.linking(token, twin);
      ledger.toldExit(token, twin, 'stopped');
    },
  ],
  [
    'an exit is never told of a live actor, and for its true reason',
    ({ ledger, start, end }) => {
      const [token] = [start(parent), start(twin)];
      ledger.linking(token, twin);
      end(twin, 'failed');
      ledger.toldExit(token, twin, 'stopped');
    },
  ],
  [
    'unreachable is told only when a connection broke',
    ({ ledger, start, end }) => {
      const [token] = [start(parent), start(twin)];
      ledger.linking(token, twin);
      end(twin);
      ledger.onEvent({ kind: 'disconnected', from: 'a:1', to: 'b:1' });
      ledger.toldExit(token, twin, 'unreachable');
    },
  ],
  [
    'every end is told to those who linked',
    ({ ledger, start, end }) => {
      const [token] = [start(parent), start(far)];
      ledger.linking(token, far);
      end(far);
      ledger.checkRest();
    },
  ],
  [
    'every end is told to those who linked',
    ({ ledger, start, end }) => {
      const [token] = [start(parent), start(twin)];
      ledger.linking(token, twin);
      end(twin);
      start(twin);
      ledger.checkRest();
    },
  ],
  [
    'a failure that escalates fails the parent',
    ({ ledger, start, end }) => {
      start(child, start(parent), { onFailure: 'escalate' });
      end(child, 'failed');
      ledger.checkRest();
    },
  ],
  [
    'every message was handled, is a dead letter, or was lost to a counted fault',
    ({ ledger }) => {
      ledger.sending(far);
      ledger.checkEnd();
    },
  ],
  [
    'every message was handled, is a dead letter, or was lost to a counted fault',
    ({ ledger }) => {
      ledger.onEvent({ kind: 'turn', pid: far, from: parent, name: 'note', body: undefined });
      ledger.checkEnd();
    },
  ],
];

for (const [index, [rule, run]] of BROKEN.entries()) {
  t.test(`it can be broken and is reported (${index + 1}): ${rule}`, async (t) => {
    const given = history();
    run(given);
    t.match(given.ledger.violation, { invariant: rule });
  });
}

t.test('mailboxes and who runs are compared with the systems themselves', async (t) => {
  const sim = new Simulation();
  t.teardown(() => sim.close());
  sim.createSystem('a:1');
  const ledger = new Ledger(() => sim, true);
  ledger.checkTurn();
  t.equal(ledger.violation, undefined);
  ledger.onEvent({ kind: 'spawned', pid: parent });
  ledger.checkTurn();
  t.match(ledger.violation, { invariant: /who was started and has not ended runs/ });
});

t.test('a history in order breaks no rule', async (t) => {
  const { ledger, start, restart, end } = history();
  const token = start(parent, undefined, RESTART);
  for (const pid of [child, twin]) start(pid, token, { onFailure: 'escalate' });
  ledger.linking(token, twin);
  const stamp = ledger.sending(far);
  ledger.onEvent({
    kind: 'dropped',
    cause: 'chance',
    message: {
      kind: 'message',
      from: parent,
      to: far,
      name: 'note',
      body: { stamp },
      correlation: 0,
    },
  });
  ledger.asked(token, 2, 10);
  end(twin, 'failed');
  ledger.during(token, 'exited', () => ledger.toldExit(token, twin, 'failed'));
  end(child);
  const second = restart(parent);
  ledger.linking(second, far);
  ledger.onEvent({ kind: 'disconnected', from: 'b:1', to: 'a:1' });
  ledger.toldExit(second, far, 'unreachable');
  ledger.checkRest();
  end(parent);
  ledger.checkEnd();
  t.equal(ledger.violation, undefined);
});

t.test('where the network may reorder, order is not asked for, but once is', async (t) => {
  const { ledger } = history(false);
  const [first, second] = [ledger.sending(far), ledger.sending(far)];
  ledger.heard(parent, far, second);
  ledger.heard(parent, far, first);
  t.equal(ledger.violation, undefined);
  ledger.heard(parent, far, first);
  t.match(ledger.violation, { invariant: 'a message arrives at most once' });
});
