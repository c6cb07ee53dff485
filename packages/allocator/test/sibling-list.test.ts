// The window on an array that siblings stand in: every move against the same move on a plain array.
import { seededRandom } from '@kaon/primitives';
import t from 'tap';
import { SiblingList } from '#src/kernel/sibling-list.js';

t.test(
  'moves, forwards and backwards, near and far, leave the order an array would have',
  async (t) => {
    const random = seededRandom(7);
    let moves = 0;
    for (let round = 0; round < 200; round += 1) {
      const list = new SiblingList();
      const plain: number[] = [];
      const size = 1 + random.nextInt(round % 10 === 0 ? 200 : 12);
      for (let node = 0; node < size; node += 1) {
        list.push(node);
        plain.push(node);
      }
      for (let step = 0; step < 200; step += 1) {
        const [from, to] = [random.nextInt(plain.length), random.nextInt(plain.length)];
        list.move(from, to);
        plain.splice(to, 0, ...plain.splice(from, 1));
        moves += 1;
        if (step % 50 === 49) {
          list.push(1000 + step);
          plain.push(1000 + step);
          const gone = random.nextInt(plain.length);
          list.removeAt(gone);
          plain.splice(gone, 1);
        }
        if ([...list.view()].join() !== plain.join()) {
          t.same([...list.view()], plain, `round ${round}, ${from} to ${to}`);
          return;
        }
      }
    }
    t.equal(moves, 40_000);
  },
);

t.test('what goes from one end to the other for ever stays in place in memory', async (t) => {
  const list = new SiblingList();
  for (let node = 0; node < 100; node += 1) list.push(node);
  for (let step = 0; step < 10_000; step += 1) list.move(0, 99);
  for (let step = 0; step < 10_000; step += 1) list.move(99, 0);
  t.same(
    [...list.view()],
    Array.from({ length: 100 }, (_, node) => node),
  );
  t.ok(list.items.length <= 400, 'the room on both sides does not grow');
});

t.test('an entry is found, and one that is not in the window is not', async (t) => {
  const list = new SiblingList();
  for (const node of [5, 3, 8]) list.push(node);
  t.equal(list.indexOf(8), 2);
  list.remove(8);
  t.equal(list.indexOf(8), -1);
  t.equal(list.length, 2);
});
