// Which account a task runs as, and whether this agent may run it.
import { BoundedMap, type Clock, err, ok, type Result } from '@kaon/primitives';
import type { Launcher, UserAccount } from './launcher.ts';

/** Accounts change rarely, and asking starts two programs. */
const KNOWN_FOR_MS = 30_000;
const KNOWN_MAX = 256;

interface KnownAccount {
  readonly account: UserAccount;
  readonly untilMs: number;
}

/** Looks accounts up through the launcher and remembers them for a while. */
export class UserAccounts {
  readonly #launcher: Launcher;
  readonly #clock: Clock;
  readonly #known: BoundedMap<string, KnownAccount> = new BoundedMap(KNOWN_MAX);

  constructor(launcher: Launcher, clock: Clock) {
    this.#launcher = launcher;
    this.#clock = clock;
  }

  /** The account to switch to; undefined for whoever runs the agent; an error for the task's owner. */
  async accountFor(user: string | undefined): Promise<Result<UserAccount | undefined, string>> {
    const { userId, userName } = this.#launcher.identity;
    if (user === undefined || user === userName) return ok(undefined);
    const account = await this.#find(user);
    if (account === undefined) return err(`there is no user ${user} on this machine`);
    if (account.userId === userId) return ok(undefined);
    if (userId === 0) return ok(account);
    return err(
      `only an agent that runs as root can run tasks as ${user}; this one runs as ${userName}`,
    );
  }

  async #find(user: string): Promise<UserAccount | undefined> {
    const nowMs = this.#clock.monotonicMs();
    const known = this.#known.get(user);
    if (known !== undefined && nowMs < known.untilMs) return known.account;
    const account = await this.#launcher.lookUpUser(user);
    if (account !== undefined) this.#known.set(user, { account, untilMs: nowMs + KNOWN_FOR_MS });
    return account;
  }
}
