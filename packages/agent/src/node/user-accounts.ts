// The users of this machine, as far as an agent needs them.
import { chown, readFile } from 'node:fs/promises';

/**
 * Makes `user` and its group the owner of the folder `path`, so that what the user's task writes has a
 * place. Rejects when there is no such user.
 */
export async function giveToUser(path: string, user: string): Promise<void> {
  const accounts = await readFile('/etc/passwd', 'utf8');
  for (const line of accounts.split('\n')) {
    const [name, , userId, groupId] = line.split(':');
    if (name === user) return chown(path, Number(userId), Number(groupId));
  }
  throw new Error(`there is no user '${user}' on this machine`);
}
