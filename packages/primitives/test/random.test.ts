// Seeded randomness: repeats exactly, spreads evenly, forks apart.
import { hashText, type Random, seededRandom, shuffle, systemRandom } from '@kaon/primitives';
import t from 'tap';

function numbers(random: Random, count: number): number[] {
  return Array.from({ length: count }, () => random.next());
}

t.test('a seed fixes the sequence, another seed gives another', async (t) => {
  t.same(numbers(seededRandom(42), 100), numbers(seededRandom(42), 100));
  t.notSame(numbers(seededRandom(42), 10), numbers(seededRandom(43), 10));
  t.notSame(numbers(seededRandom(1), 10), numbers(seededRandom(2 ** 32 + 1), 10));
});

t.test('the first numbers of a seed never change: recorded runs depend on them', async (t) => {
  const random = seededRandom(1);
  t.same(
    [1, 2, 3].map(() => random.nextInt(1000)),
    [568, 753, 889],
  );
  t.equal(seededRandom(1).fork('a').nextInt(1000), 433);
});

t.test('next is within [0, 1) and even over ten classes', async (t) => {
  const random = seededRandom(7);
  const classes = new Array<number>(10).fill(0);
  for (let index = 0; index < 100_000; index += 1) {
    const value = random.next();
    if (value < 0 || value >= 1) t.fail(`${value} is out of range`);
    classes[Math.floor(value * 10)]! += 1;
  }
  for (const count of classes) t.ok(Math.abs(count - 10_000) < 500, `${count} of 10 000`);
});

t.test('nextInt is within its limit, even, and takes all of 2^32', async (t) => {
  const random = seededRandom(8);
  const counts = new Array<number>(6).fill(0);
  for (let index = 0; index < 60_000; index += 1) counts[random.nextInt(6)]! += 1;
  for (const count of counts) t.ok(Math.abs(count - 10_000) < 500, `${count} of 10 000`);
  t.equal(random.nextInt(1), 0);
  let largest = 0;
  for (let index = 0; index < 1000; index += 1) {
    const value = random.nextInt(2 ** 32);
    if (!Number.isInteger(value) || value >= 2 ** 32) t.fail(String(value));
    largest = Math.max(largest, value);
  }
  t.ok(largest > 2 ** 31);
});

t.test('random bytes take every value', async (t) => {
  const seen = new Set(seededRandom(9).nextBytes(10_000));
  t.equal(seen.size, 256);
});

t.test('forks differ by label and by when they were made, and repeat with the seed', async (t) => {
  const fork = (label: string) => numbers(seededRandom(3).fork(label), 5);
  t.same(fork('a'), fork('a'));
  t.notSame(fork('a'), fork('b'));
  const parent = seededRandom(3);
  t.notSame(numbers(parent.fork('a'), 5), numbers(parent.fork('a'), 5));
});

t.test('forks of many labels do not share their first numbers', async (t) => {
  const firsts = new Set<number>();
  for (let index = 0; index < 2000; index += 1) {
    firsts.add(
      seededRandom(5)
        .fork(`actor-${index}`)
        .nextInt(2 ** 32),
    );
  }
  t.ok(firsts.size >= 1999, `${firsts.size} of 2000 differ`);
});

t.test('shuffle keeps every item, repeats with the seed and reaches every order', async (t) => {
  const items = ['a', 'b', 'c', 'd', 'e'];
  t.same(shuffle([...items], seededRandom(4)), shuffle([...items], seededRandom(4)));
  t.same(shuffle([...items], seededRandom(4)).sort(), items);
  const random = seededRandom(11);
  const orders = new Set<string>();
  for (let index = 0; index < 500; index += 1) orders.add(shuffle([1, 2, 3], random).join(''));
  t.equal(orders.size, 6);
  t.same(shuffle([], random), []);
});

t.test('hashes are 32 bits and differ for near texts', async (t) => {
  t.equal(hashText(''), 0x811c9dc5);
  t.not(hashText('agent-1'), hashText('agent-2'));
  t.ok(hashText('x'.repeat(1000)) >= 0);
});

t.test("the operating system's source keeps the same contract", async (t) => {
  const random = systemRandom();
  for (const value of numbers(random, 100)) t.ok(value >= 0 && value < 1);
  t.equal(random.nextBytes(16).length, 16);
  t.ok(random.nextInt(2 ** 32) < 2 ** 32);
  t.equal(random.nextInt(1), 0);
  t.equal(random.fork('x').nextBytes(3).length, 3);
});
