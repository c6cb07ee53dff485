// Resources as operators write them.
import { parseResourceRecords, parseResources } from '@kaon/resources';
import t from 'tap';

const printed = (text: string, role?: string): string => {
  const parsed = parseResources(text, role);
  return parsed.ok ? String(parsed.value) : parsed.error;
};

t.test('the text form, with spaces and roles', async (t) => {
  t.equal(
    printed('cpus:2; mem : 1024 ;ports:[31000 - 32000, 33000-33001];rack:{a, b}'),
    'cpus:2; mem:1024; ports:[31000-32000, 33000-33001]; rack:{a, b}',
  );
  t.equal(
    printed('cpus(web):1;cpus:2;cpus(web):0.5'),
    'cpus(reservations: [(STATIC,web)]):1.5; cpus:2',
  );
  t.equal(printed('cpus:1', 'ops'), 'cpus(reservations: [(STATIC,ops)]):1');
  t.equal(printed('cpus(*):1', 'ops'), 'cpus:1');
  t.equal(printed(''), '');
});

t.test('the JSON form, in every way to say a reservation', async (t) => {
  const one = (extra: string): string =>
    printed(`[{"name":"cpus","type":"SCALAR","scalar":{"value":1}${extra}}]`);
  t.equal(one(''), 'cpus:1');
  t.equal(one(',"role":"*"'), 'cpus:1');
  t.equal(one(',"role":"web"'), 'cpus(reservations: [(STATIC,web)]):1');
  t.equal(
    one(',"role":"web","reservation":{"principal":"p"}'),
    'cpus(reservations: [(DYNAMIC,web,p)]):1',
  );
  t.equal(
    one(',"reservations":[{"type":"STATIC","role":"a"},{"type":"DYNAMIC","role":"a/b"}]'),
    'cpus(reservations: [(STATIC,a),(DYNAMIC,a/b)]):1',
  );
});

t.test('records keep the order and number of the entries', async (t) => {
  const records = parseResourceRecords('cpus:1;mem:0;cpus:2');
  t.same(records.ok && records.value.map(({ name, scalar }) => [name, scalar?.value]), [
    ['cpus', 1],
    ['mem', 0],
    ['cpus', 2],
  ]);
});

t.test('mistakes are told', async (t) => {
  t.equal(printed('cpus'), "Bad value for resources, missing or extra ':' in cpus");
  t.equal(printed('cpus:1:2'), "Bad value for resources, missing or extra ':' in cpus:1:2");
  t.equal(printed('cpus(web:1'), 'Bad value for resources, mismatched parentheses in cpus(web:1');
  t.equal(printed('cpus:lots'), 'Bad type for resource cpus value lots type TEXT');
  t.match(printed('ports:[1-]'), /Expecting non-negative integers/);
  t.match(printed('ports:[1-2'), /Expecting '\]'/);
  t.match(printed('cpus(/bad):1'), /Role '\/bad' cannot start with a slash/);
  t.match(printed('cpus:-1'), /value <= 0/);
  t.match(printed('ports:[5-1]'), /begin > end/);
  t.match(printed('[{"name":"cpus"}]'), /Missing required fields: type/);
});
