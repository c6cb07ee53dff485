// Names of roles, in Mesos' words.
import {
  createMessage,
  FrameworkInfo,
  isStrictSubrole,
  rolePath,
  rolesOf,
  validateRole,
} from '@kaon/protocol';
import t from 'tap';

t.test('bad names are refused word for word', async (t) => {
  const problems: readonly (readonly [string, string])[] = [
    [
      'bad role',
      "Role component 'bad role' is invalid because it contains backspace or whitespace",
    ],
    ['..', "Role '..' cannot include '..' as a component"],
    ['a/./b', "Role 'a/./b' cannot include '.' as a component"],
    ['a/*', "Role 'a/*' cannot include '*' as a component"],
    ['/a', "Role '/a' cannot start with a slash"],
    ['a/', "Role 'a/' cannot end with a slash"],
    ['a//b', "Role 'a//b' cannot contain two adjacent slashes"],
    ['-a', "Role component '-a' is invalid because it begins with a dash"],
  ];
  for (const [role, problem] of problems) {
    t.same(validateRole(role), { ok: false, error: problem });
  }
  t.notOk(validateRole('').ok);
});

t.test('good names pass', async (t) => {
  for (const role of ['*', 'web', 'eng/web/a-b', 'é']) t.ok(validateRole(role).ok, role);
});

t.test('roles form a tree', async (t) => {
  t.ok(isStrictSubrole('eng/web', 'eng'));
  t.notOk(isStrictSubrole('eng', 'eng'));
  t.notOk(isStrictSubrole('engine', 'eng'));
  t.same(rolePath('a/b/c'), ['a/b/c', 'a/b', 'a']);
});

t.test('a framework without MULTI_ROLE has its single role', async (t) => {
  const single = createMessage(FrameworkInfo, { user: 'u', name: 'n' });
  t.same(rolesOf(single), ['*']);
  const multi = { ...single, roles: ['a', 'b'], capabilities: [{ type: 'MULTI_ROLE' } as const] };
  t.same(rolesOf(multi), ['a', 'b']);
});
