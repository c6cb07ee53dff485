// Who runs this process: the default user of a framework's tasks.
import { userInfo } from 'node:os';

/** The name of the operating system's user. A user without a name (in some containers) gives its number. */
export function currentUser(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? 0);
  }
}
