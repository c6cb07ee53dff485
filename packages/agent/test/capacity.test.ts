// What fits into an agent.
import type { Resource } from '@kaon/protocol';
import { parseResourceRecords } from '@kaon/resources';
import fc from 'fast-check';
import t from 'tap';
import { Amounts } from '#agent/state/capacity';

function given(text: string): readonly Resource[] {
  const parsed = parseResourceRecords(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

const TOTAL = new Amounts(given('cpus:2;mem:100;ports:[1-9];disks:{a,b}'));

t.test('what fits has no shortage; what does not is named', async (t) => {
  const used = new Amounts(given('cpus:1.5;ports:[2-3];disks:{a}'));
  const shortage = (text: string) => TOTAL.shortageOf(given(text), used)?.name;
  t.equal(shortage('cpus:0.5;mem:100;ports:[4-9];disks:{b}'), undefined);
  t.equal(shortage('cpus:0.501'), 'cpus');
  t.equal(shortage('gpus:1'), 'gpus');
  t.equal(shortage('ports:[3-4]'), 'ports');
  t.equal(shortage('ports:[9-10]'), 'ports');
  t.equal(shortage('ports:[1-1,4-4]'), undefined);
  t.equal(shortage('disks:{a}'), 'disks');
  t.equal(shortage('disks:{c}'), 'disks');
});

t.test('nobody is given a part twice at once', async (t) => {
  const twice = (text: string) =>
    TOTAL.shortageOf([...given(text), ...given(text)], new Amounts())?.name;
  t.equal(twice('ports:[3-4]'), 'ports');
  t.equal(twice('disks:{a}'), 'disks');
  t.equal(twice('cpus:1'), undefined);
});

t.test('reserved and unreserved amounts of one name count together', async (t) => {
  const total = new Amounts(given('cpus:1;cpus(web):1'));
  t.equal(total.shortageOf(given('cpus(web):0.5;cpus:1.5'), new Amounts()), undefined);
});

t.test('what was taken can be given back, and nothing else', async (t) => {
  const used = new Amounts(given('cpus:1;ports:[1-2]'));
  t.throws(() => used.remove(given('cpus:1.5')));
  t.throws(() => used.remove(given('ports:[1-1]')));
});

t.test('tasks that come and go in any order leave nothing behind', async () => {
  const sizes = fc.array(fc.tuple(fc.integer({ min: 1, max: 2000 }), fc.nat(8)), { maxLength: 20 });
  fc.assert(
    fc.property(sizes, fc.infiniteStream(fc.nat()), (list, picks) => {
      const used = new Amounts();
      const tasks = list.map(([milli, port]) =>
        given(`cpus:${milli / 1000};ports:[${port + 1}-${port + 1}]`),
      );
      for (const task of tasks) used.add(task);
      while (tasks.length > 0) {
        const [task] = tasks.splice((picks.next().value as number) % tasks.length, 1);
        used.remove(task as readonly Resource[]);
      }
      return TOTAL.shortageOf(given('cpus:2;ports:[1-9]'), used) === undefined;
    }),
  );
});
