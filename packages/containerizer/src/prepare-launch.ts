// Everything about a launch that is settled before the launcher is asked.
import { err, ok, type Result } from '@kaon/primitives';
import type { LaunchRequest } from './containerizer.ts';
import { findExecutable } from './find-executable.ts';
import { encodeLaunchPlan, planLaunch } from './launch-spec.ts';
import type { LauncherFeatures } from './launcher.ts';
import type { RuntimeFiles } from './runtime-files.ts';
import type { UserAccounts } from './user-accounts.ts';

/**
 * Settles whom a valid request runs as, sees that its program exists and gives the sandbox to its user.
 * Returns the spec to be written, or why it cannot be launched.
 */
export async function prepareLaunch(
  request: LaunchRequest,
  features: LauncherFeatures,
  users: UserAccounts,
  files: RuntimeFiles,
): Promise<Result<Uint8Array, string>> {
  const { command, sandbox, environment } = request;
  const found = await users.accountFor(request.user);
  if (!found.ok) return found;
  const account = found.value;

  if (command.kind === 'exec') {
    const exists = await findExecutable(command.path, environment['PATH'], sandbox, files);
    if (!exists) {
      return err(`there is no program ${JSON.stringify(command.path)} that can be executed`);
    }
  }
  const plan = planLaunch(request, features, account);
  if (!plan.ok) return plan;
  if (account !== undefined) await files.changeOwner(sandbox, account.userId, account.groupId);
  return ok(encodeLaunchPlan(plan.value));
}
