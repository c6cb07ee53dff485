// What the processes of `launch path` have in common: they say where they are, do what they are told, and tell
// how much processor time they have used.
import { endWithParent } from '../../orphans.ts';

/** What a process has used and done so far. */
export interface Spent {
  readonly cpuSeconds: number;
  /** What it counts: acknowledgements that came to agents; 0 elsewhere. */
  readonly counted: number;
}

/** Tells the parent where this process is heard, and obeys it: each command is answered once. */
export function serveParent(
  place: string,
  counted: () => number,
  commands: Readonly<Record<string, (argument: number) => Promise<unknown>>> = {},
): void {
  endWithParent();
  process.on('message', ([name, argument]: readonly [string, number]) => {
    if (name === 'spent') {
      const { user, system } = process.cpuUsage();
      const spent: Spent = { cpuSeconds: (user + system) / 1e6, counted: counted() };
      process.send?.(spent);
      return;
    }
    void commands[name]?.(argument).then((answer) => process.send?.(answer ?? {}));
  });
  process.send?.({ place });
}
