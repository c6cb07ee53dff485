// Attributes of agents.
import { formatAttributeValue, parseAttributes } from '@kaon/resources';
import t from 'tap';

t.test('every type of value is told from the text', async (t) => {
  const parsed = parseAttributes('rack:r1;level:3;ports:[1-5,7-9];zones:{a,b};url:http://x:80/y');
  t.same(parsed.ok && parsed.value, [
    { name: 'rack', type: 'TEXT', text: { value: 'r1' } },
    { name: 'level', type: 'SCALAR', scalar: { value: 3 } },
    {
      name: 'ports',
      type: 'RANGES',
      ranges: {
        range: [
          { begin: 1, end: 5 },
          { begin: 7, end: 9 },
        ],
      },
    },
    { name: 'zones', type: 'SET', set: { item: ['a', 'b'] } },
    { name: 'url', type: 'TEXT', text: { value: 'http://x:80/y' } },
  ]);
  t.same(parsed.ok && parsed.value.map(formatAttributeValue), [
    'r1',
    '3',
    '[1-5, 7-9]',
    '{a, b}',
    'http://x:80/y',
  ]);
});

t.test('a token without a name or value is refused', async (t) => {
  t.same(parseAttributes('rack'), {
    ok: false,
    error: "Invalid attribute key:value pair 'rack'",
  });
  t.notOk(parseAttributes(':x').ok);
  t.notOk(parseAttributes('rack:').ok);
  t.same(parseAttributes(''), { ok: true, value: [] });
});
