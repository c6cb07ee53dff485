// Processes of a part that obey their parent, see `launch/child.ts`: started, told something, heard.
import type { ChildProcess } from 'node:child_process';
import { endChild, forkChild } from '../children.ts';

/** A process of a part and what it said of itself when it was ready. */
export interface Member {
  readonly child: ChildProcess;
  /** Where it is heard; empty when nobody needs to know. */
  readonly place: string;
}

/** The next thing a process says; rejects when it ends instead. */
export function heard<Answer>(child: ChildProcess): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null): void => {
      child.off('message', said);
      reject(new Error(`a process of the benchmark ended with ${code}`));
    };
    const said = (answer: unknown): void => {
      child.off('exit', ended);
      resolve(answer as Answer);
    };
    child.once('message', said);
    child.once('exit', ended);
  });
}

/** Has a process do something; resolves with its answer. One thing at a time. */
export function tell<Answer>({ child }: Member, name: string, argument = 0): Promise<Answer> {
  child.send([name, argument]);
  return heard<Answer>(child);
}

/** The processes of one part. */
export class Members {
  readonly #members: Member[] = [];

  /** In the order in which they were started. */
  get all(): readonly Member[] {
    return this.#members;
  }

  /** Starts a compiled module; resolves when it is ready. */
  async start(path: string, ...args: readonly (string | number)[]): Promise<Member> {
    const child = forkChild(path, args.map(String), []);
    const member = { child, place: '' };
    this.#members.push(member);
    const { place } = await heard<{ readonly place: string }>(child);
    member.place = place;
    return member;
  }

  async end(): Promise<void> {
    await Promise.all(this.#members.map(({ child }) => endChild(child)));
  }
}
