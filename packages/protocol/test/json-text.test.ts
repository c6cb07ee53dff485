// JSON of the older endpoints: text is escaped where it must be, and only there.
import { jsonDouble, jsonText } from '@kaon/protocol';
import t from 'tap';

t.test('texts and names are written as JSON.stringify writes them', async (t) => {
  const last = 0x2100;
  const wrong: string[] = [];
  for (const code of [...Array(last).keys(), 0xd800, 0xdfff, 0xfeff, 0xffff]) {
    const text = `a${String.fromCharCode(code)}b`;
    if (jsonText(text) !== JSON.stringify(text)) wrong.push(`text ${code}`);
    const member = jsonText(new Map([[text, text]]));
    if (member !== JSON.stringify({ [text]: text })) wrong.push(`name ${code}`);
  }
  t.same(wrong, []);
  t.equal(jsonText(''), '""');
});

t.test('doubles keep their fraction, and members that are undefined are left out', async (t) => {
  const value = { whole: 4, double: jsonDouble(4), none: undefined, list: [true, 'x', []] };
  t.equal(jsonText(value), '{"whole":4,"double":4.0,"list":[true,"x",[]]}');
});
