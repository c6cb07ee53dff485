// Ids from outside are checked in Mesos' words.
import { containerIdOf, validateId } from '@kaon/protocol';
import t from 'tap';

t.test('ids that could leave their directory are refused', async (t) => {
  const problems: readonly (readonly [string, string])[] = [
    ['', 'ID must not be empty'],
    ['.', "'.' is disallowed"],
    ['..', "'..' is disallowed"],
    ['a/b', "'a/b' contains invalid characters"],
    ['a\\b', "'a\\b' contains invalid characters"],
    ['a\nb', "'a\nb' contains invalid characters"],
    ['a\ud800', "'a\ud800' contains invalid characters"],
    ['x'.repeat(256), 'ID must not be greater than 255 characters'],
  ];
  for (const [id, problem] of problems) t.same(validateId(id), { ok: false, error: problem });
});

t.test('other ids pass, with spaces and up to 255 characters', async (t) => {
  for (const id of ['a', 'a b', '...', 'é', '𝄞', 'x'.repeat(255)]) t.ok(validateId(id).ok, id);
});

t.test('the id of a nested container names its parents', async (t) => {
  t.equal(containerIdOf({ value: 'c', parent: { value: 'b', parent: { value: 'a' } } }), 'a.b.c');
});
