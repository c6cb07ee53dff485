// Durations in Mesos' text form.
import { formatDuration, parseDuration } from '@kaon/primitives';
import t from 'tap';

t.test('every unit parses to milliseconds', async (t) => {
  const cases: readonly (readonly [string, number])[] = [
    ['10ns', 1e-5],
    ['250us', 0.25],
    ['500ms', 500],
    ['15secs', 15_000],
    ['1.5mins', 90_000],
    ['2hrs', 7_200_000],
    ['1days', 86_400_000],
    ['3weeks', 1_814_400_000],
    [' 5secs ', 5000],
    ['-1secs', -1000],
    ['0ns', 0],
  ];
  for (const [text, durationMs] of cases) {
    t.same(parseDuration(text), { ok: true, value: durationMs }, text);
  }
});

t.test('what is not a number and a unit is refused with the text and the units', async (t) => {
  for (const text of ['', '10', 'secs', '10 secs', '10s', '1e3secs', '.secs', '10SECS', '1.secs']) {
    const parsed = parseDuration(text);
    t.notOk(parsed.ok, text);
    if (!parsed.ok) t.match(parsed.error, /is not a duration.*ns, us, ms, secs, mins, hrs/);
  }
});

t.test('a duration beyond 64 bits of nanoseconds is refused', async (t) => {
  t.ok(parseDuration('15250weeks').ok);
  t.notOk(parseDuration('15251weeks').ok);
  t.notOk(parseDuration(`${'9'.repeat(400)}secs`).ok);
});

t.test('printing picks the largest unit that keeps the number whole', async (t) => {
  const cases: readonly (readonly [number, string])[] = [
    [0, '0ns'],
    [-0, '0ns'],
    [90_000, '90secs'],
    [60_000, '1mins'],
    [604_800_000, '1weeks'],
    [1_209_600_000, '2weeks'],
    [86_400_000, '1days'],
    [5_400_000, '90mins'],
    [1, '1ms'],
    [1500, '1500ms'],
    [0.3, '300us'],
    [1.5, '1500us'],
    [0.000_25, '250ns'],
    [1e-9, '0ns'],
    [-5000, '-5secs'],
  ];
  for (const [durationMs, text] of cases) t.equal(formatDuration(durationMs), text);
});

t.test('what was printed parses to the same duration', async (t) => {
  for (const durationMs of [1, 999, 1000, 61_000, 3_600_000, 0.5, 123_456_789, 7e11]) {
    t.same(parseDuration(formatDuration(durationMs)), { ok: true, value: durationMs });
  }
});
