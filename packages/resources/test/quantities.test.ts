// Amounts by name alone.
import {
  addQuantities,
  formatQuantities,
  parseQuantities,
  parseResources,
  type Quantities,
  quantitiesContain,
  subtractQuantities,
} from '@kaon/resources';
import t from 'tap';

function given(text: string): Quantities {
  const parsed = parseQuantities(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

t.test('reservations do not matter, ranges and sets count their items', async (t) => {
  const parsed = parseResources('cpus:1;cpus(web):0.5;ports:[1-5];rack:{a,b}');
  t.equal(
    formatQuantities((parsed.ok ? parsed.value : undefined)?.quantities() ?? new Map()),
    'cpus:1.5; ports:5; rack:2',
  );
});

t.test('sum, difference and containment go by name', async (t) => {
  t.equal(
    formatQuantities(addQuantities(given('cpus:1'), given('mem:2;cpus:0.1'))),
    'cpus:1.1; mem:2',
  );
  t.equal(formatQuantities(subtractQuantities(given('cpus:1;mem:2'), given('cpus:3'))), 'mem:2');
  t.ok(quantitiesContain(given('cpus:1;mem:1'), given('cpus:1')));
  t.notOk(quantitiesContain(given('cpus:1'), given('mem:1')));
});

t.test('text that is no quantity is refused', async (t) => {
  for (const text of ['cpus', 'cpus:x', 'cpus:-1', ':1', 'a:1:2']) {
    t.notOk(parseQuantities(text).ok, text);
  }
  t.equal(given('').size, 0);
  t.equal(given('cpus:0').size, 0);
});
