// The names of roles: `*`, or a path such as `eng/web`.
import { err, ok, type Result } from '@kaon/primitives';
import type { FrameworkInfo } from './generated/mesos-v1.ts';

/** The role of resources reserved for no one, and of frameworks that named none. */
export const DEFAULT_ROLE = '*';

/** Checks the name of a role. The error is Mesos' sentence. */
export function validateRole(role: string): Result<string, string> {
  if (role === DEFAULT_ROLE) return ok(role);
  if (role === '') return err('Empty role name is invalid');
  if (role.startsWith('/')) return err(`Role '${role}' cannot start with a slash`);
  if (role.endsWith('/')) return err(`Role '${role}' cannot end with a slash`);
  if (role.includes('//')) return err(`Role '${role}' cannot contain two adjacent slashes`);
  for (const component of role.split('/')) {
    const problem = componentProblem(role, component);
    if (problem !== undefined) return err(problem);
  }
  return ok(role);
}

/** Whether `role` lies strictly below `ancestor`: `eng/web` below `eng`. */
export function isStrictSubrole(role: string, ancestor: string): boolean {
  return role.length > ancestor.length && role.startsWith(`${ancestor}/`);
}

/** `role` and the roles above it, itself first: `a/b/c`, `a/b`, `a`. */
export function rolePath(role: string): readonly string[] {
  const path = [role];
  for (let end = role.lastIndexOf('/'); end > 0; end = role.lastIndexOf('/', end - 1)) {
    path.push(role.slice(0, end));
  }
  return path;
}

/** The roles a framework takes offers in: its `roles` when it is `MULTI_ROLE`, else its single role. */
export function rolesOf(framework: FrameworkInfo): readonly string[] {
  const isMultiRole = framework.capabilities.some(({ type }) => type === 'MULTI_ROLE');
  return isMultiRole ? framework.roles : [framework.role ?? DEFAULT_ROLE];
}

function componentProblem(role: string, component: string): string | undefined {
  if (component === '.' || component === '..' || component === '*') {
    return `Role '${role}' cannot include '${component}' as a component`;
  }
  if (component.startsWith('-')) {
    return `Role component '${component}' is invalid because it begins with a dash`;
  }
  if (/[\t\n\v\f\r \u007f]/.test(component)) {
    return `Role component '${component}' is invalid because it contains backspace or whitespace`;
  }
  return undefined;
}
