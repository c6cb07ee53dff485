import t from 'tap';
import { parseJournal, terminationOf, terminationOfReport } from '#src/journal.js';

const ended = (text: string) => terminationOf(parseJournal(text));

t.test('a journal says who runs and how it ended', async (t) => {
  const journal = parseJournal('shim 10 100 1\ntask 11 101\nexited 3\n');
  t.match(journal, {
    shim: { pid: 10, startTicks: 100 },
    task: { pid: 11, startTicks: 101 },
    end: { status: 3 },
    isEmpty: false,
    notes: '',
    shellNotesSignals: true,
    isCancelled: false,
  });
  t.strictSame(terminationOf(journal), { kind: 'exited', code: 3 });
});

t.test('a line without its newline is not there yet', async (t) => {
  t.equal(parseJournal('shim 10 100 1\ntask 11 101\nexited 1').end, undefined);
  t.equal(parseJournal('shim 10 10').shim, undefined);
  t.equal(ended('shim 10 100 1\ntask 11 101\n'), undefined);
});

t.test('an exit code above 128 is told from a signal by the note of the shell', async (t) => {
  const start = 'shim 10 100 1\ntask 11 101\n';
  t.strictSame(ended(`${start}exited 143\n`), { kind: 'exited', code: 143 });
  t.strictSame(ended(`${start}Terminated\nexited 143\n`), { kind: 'signaled', signal: 'SIGTERM' });
  t.strictSame(ended(`${start}Killed\nexited 137\n`), { kind: 'signaled', signal: 'SIGKILL' });
  t.strictSame(ended(`${start}exited 255\n`), { kind: 'exited', code: 255 });
});

t.test('signals no shell notes are taken for signals', async (t) => {
  const start = 'shim 10 100 1\ntask 11 101\n';
  t.strictSame(ended(`${start}exited 130\n`), { kind: 'signaled', signal: 'SIGINT' });
  t.strictSame(ended(`${start}exited 141\n`), { kind: 'signaled', signal: 'SIGPIPE' });
});

t.test('with a shell that writes no notes every such code is a signal', async (t) => {
  const text = 'shim 10 100 0\ntask 11 101\nexited 143\n';
  t.strictSame(ended(text), { kind: 'signaled', signal: 'SIGTERM' });
});

t.test('a command that never started has no termination but a note', async (t) => {
  const journal = parseJournal("shim 10 100 1\nsh: cd: can't cd to /gone\nexited 1\n");
  t.equal(terminationOf(journal), undefined);
  t.equal(journal.notes, "sh: cd: can't cd to /gone");
});

t.test('nonsense is a note, never an identity or a status', async (t) => {
  for (const line of ['shim x y z', 'shim 1 5 1', 'shim -4 5 1', 'task 1.5 2']) {
    const { shim, task } = parseJournal(`${line}\n`);
    t.equal(shim, undefined, line);
    t.equal(task, undefined, line);
  }
  for (const status of ['', 'x', '-1', '1e2', '256', '0x1']) {
    t.equal(parseJournal(`exited ${status}\n`).end, undefined, status);
  }
  t.ok(parseJournal(`${'x'.repeat(5_000)}\n`).notes.length <= 1_000);
});

t.test('a cancelled launch is seen as such', async (t) => {
  t.ok(parseJournal('cancelled\n').isCancelled);
  t.notOk(
    parseJournal('shim 10 100 1\ncancelled\n').isCancelled,
    'a note of a task is not a cancellation',
  );
});

t.test('a shim that can tell signals says so, and when nothing is left', async (t) => {
  const start = 'shim 10 100 1\ntask 11 101\n';
  t.strictSame(ended(`${start}killed 15\n`), { kind: 'signaled', signal: 'SIGTERM' });
  t.strictSame(ended(`${start}killed 34\n`), { kind: 'signaled', signal: 'SIGRT34' });
  t.notOk(parseJournal(`${start}exited 0\n`).isEmpty);
  t.ok(parseJournal(`${start}exited 0\nempty\n`).isEmpty);
  t.notOk(parseJournal('empty\n').isEmpty, 'before the end that is a note of a task');
});

t.test('a report alone tells the end, unless it is a number of two meanings', async (t) => {
  t.strictSame(terminationOfReport({ status: 3 }), { kind: 'exited', code: 3 });
  t.strictSame(terminationOfReport({ signal: 9 }), { kind: 'signaled', signal: 'SIGKILL' });
  t.equal(terminationOfReport({ status: 137 }), undefined);
});
