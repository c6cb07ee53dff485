// Tells somebody who waits for tasks to be launched what is waited for.
import type { Clock, TimerHandle } from '@kaon/primitives';
import type { RoleStanding } from '../cluster/explanation.ts';
import { count } from '../output/format.ts';

/** What a notice is made of. */
export interface WaitingNoticeOptions {
  readonly clock: Clock;
  /** Tasks that wait for an offer now. */
  readonly waitingTasks: () => number;
  /** What keeps offers away, as a sentence; undefined: the master does not say such things. */
  readonly advice: () => Promise<string | undefined>;
  /** Said instead when there is no advice, once. */
  readonly otherwise: (waitingTasks: number) => string;
  readonly note: (text: string) => void;
}

/** After this long without a launch the user is told what is waited for. */
export const PATIENCE_MS = 5000;
/** A wait that goes on is told again no sooner than this. */
export const NOTICE_INTERVAL_MS = 30_000;

/**
 * Watches until nothing waits or the returned function is called. A notice is told when no task was
 * launched for `PATIENCE_MS`, and at most every `NOTICE_INTERVAL_MS`.
 */
export function watchWaiting(options: WaitingNoticeOptions): () => void {
  const { clock, waitingTasks, note } = options;
  let isOver = false;
  let timer: TimerHandle | undefined;
  let waitingBefore = waitingTasks();
  let toldMs = Number.NEGATIVE_INFINITY;
  let hasToldOtherwise = false;

  const watchOn = (): void => {
    if (!isOver) timer = clock.setTimer(PATIENCE_MS, () => void look());
  };

  const look = async (): Promise<void> => {
    const waiting = waitingTasks();
    if (waiting === 0) return;
    const isStuck = waiting >= waitingBefore;
    waitingBefore = waiting;
    if (!isStuck || clock.monotonicMs() - toldMs < NOTICE_INTERVAL_MS) return watchOn();
    const [canAdvise, advice] = await options.advice().then(
      (sentence) => [sentence !== undefined, sentence] as const,
      () => [true, undefined] as const,
    );
    // What was launched while the master answered is waited for no longer.
    if (isOver || waitingTasks() === 0) return;
    if (advice !== undefined) {
      toldMs = clock.monotonicMs();
      note(`waiting: ${advice}`);
    } else if (!hasToldOtherwise) {
      hasToldOtherwise = true;
      note(options.otherwise(waiting));
    }
    if (canAdvise) watchOn();
  };

  watchOn();
  return () => {
    isOver = true;
    if (timer !== undefined) clock.clearTimer(timer);
  };
}

/** What a task asks for, by name. */
export type Wants = Readonly<Record<string, number | undefined>>;

/**
 * What keeps a task that wants this much from being launched, in the weightiest sentence.
 *
 * The master does not know what the task wants: to it, offers that are too small look like a framework
 * that refuses what it is offered. `kaon run` refuses for no other reason.
 */
export function waitingAdvice(wants: Wants, role: RoleStanding): string | undefined {
  const { advice, candidates, granted_agents: granted, largest_agent: largest } = role;
  const tooMuch = Object.keys(wants).filter((name) => (wants[name] ?? 0) > (largest[name] ?? 0));
  if (candidates > 0 && role.suitable_agents > 0 && tooMuch.length > 0) {
    const [asked, most] = [wants, largest].map((amounts) => listOf(amounts, tooMuch));
    return `it can never be served: it asks for ${asked}, the most of one agent is ${most}`;
  }
  const { filtered = 0, ...skipped } = role.skipped_agents;
  const refused = granted + filtered;
  if (refused > 0 && refused >= Math.max(0, ...Object.values(skipped))) {
    const wanted = Object.keys(wants).filter((name) => (wants[name] ?? 0) > 0);
    return `${count(refused, 'agent')} of ${candidates} offered too little: it asks for ${listOf(wants, wanted)}`;
  }
  // What was granted and refused comes first there, and explains less.
  return (granted > 0 ? advice[1] : undefined) ?? advice[0];
}

/** `cpus 1, mem 64` */
function listOf(amounts: Wants, names: readonly string[]): string {
  return names.map((name) => `${name} ${amounts[name] ?? 0}`).join(', ');
}
