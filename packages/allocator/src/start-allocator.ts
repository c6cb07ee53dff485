// Starts an allocator and hands it over as a master wants it: by command, with its metrics at hand.
import type { ActorSystem, BodyOf, MessageName, Pid, SpawnOptions } from '@kaon/actor';
import type { Result } from '@kaon/primitives';
import { type AllocatorOptions, allocatorActor } from './allocator.ts';
import type { QuotaInvalidError } from './errors.ts';
import type { ExplainQuestion, Explanation, PlannedGrant } from './explanation.ts';
import type { KernelHostStats } from './host/kernel-host.ts';
import { allocatorMetrics } from './metrics.ts';
import type {
  AllocatorProtocol,
  AllocatorStats,
  RoleWeight,
  UpdateAvailable,
  UpdateQuota,
} from './protocol.ts';

/** A message to an allocator, with its name as `kind`. Lists are no bodies of commands. */
export type AllocatorCommand = {
  readonly [K in CommandName]: { readonly kind: K } & BodyOf<AllocatorProtocol, K>;
}[CommandName];

type CommandName = Exclude<MessageName<AllocatorProtocol>, 'setWeights' | 'runPass' | 'applySlice'>;

/** What an operator wants to know of policies. */
export type PolicyReport = Pick<KernelHostStats, 'policy' | 'shadow'>;

/** An allocator that runs. */
export interface StartedAllocator {
  readonly pid: Pid<AllocatorProtocol>;
  /** Tells the allocator, in order. */
  tell(command: AllocatorCommand): void;
  /** Weights of roles; as the message of that name. */
  setWeights(weights: readonly RoleWeight[]): void;
  /** Puts quotas in force, or says what is wrong with them. Rejects as `explain` does. */
  updateQuota(update: UpdateQuota): Promise<Result<void, QuotaInvalidError>>;
  /**
   * Converts what nobody holds, after the commands told before; the error says why it cannot. Rejects as
   * `explain` does.
   */
  updateAvailable(update: UpdateAvailable): Promise<Result<void, string>>;
  /** Its figures by Mesos' keys, as of now; none when it does not run. */
  metrics(): Iterable<readonly [string, number]>;
  /**
   * Why a framework has got what it has, as of the last passes; undefined: it is not known.
   *
   * Commands told before count. Rejects with `KAON_ASK_…` when it does not answer within ten seconds.
   */
  explain(question: ExplainQuestion): Promise<Explanation | undefined>;
  /** What the next pass over all agents would grant, on a copy of the state. Rejects as `explain` does. */
  plan(): Promise<readonly PlannedGrant[]>;
  /** How a policy of the operator's does, and a shadow; nothing when neither runs. */
  policies(): PolicyReport;
  /** Ends it; nothing is allocated any more. */
  close(): Promise<void>;
}

/** Messages that may wait for an allocator: a whole cluster that comes back at once, and its tasks. */
const MAILBOX_MAX = 4_000_000;
/** Explanations and plans wait for a pass in progress, on a thread perhaps; longer than this it is stuck. */
const ANSWER_TIMEOUT_MS = 10_000;

/** Options of `startAllocator`. */
export interface StartAllocatorOptions extends AllocatorOptions {
  /** Told once when the allocator ended by a failure: nothing is offered any more. Default: nobody. */
  readonly onFailed?: () => void;
}

/** Starts an allocator in `system`. Default id: `allocator`. */
export function startAllocator(
  system: ActorSystem,
  options: StartAllocatorOptions,
  spawnOptions: SpawnOptions = {},
): StartedAllocator {
  let read: (() => AllocatorStats) | undefined;
  const pid = system.spawn(
    allocatorActor,
    {
      ...options,
      exposeStats: (reader) => {
        read = reader;
        options.exposeStats?.(reader);
      },
    },
    { id: 'allocator', mailboxMax: MAILBOX_MAX, ...spawnOptions },
  );
  void system.terminated(pid).then((reason) => {
    if (reason === 'failed') options.onFailed?.();
  });
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    const ended = system.terminated(pid);
    system.stop(pid);
    await ended;
    read = undefined;
  };
  return {
    pid,
    // NOTE: a command is the body of the message of its kind and more; the union hides that.
    tell: (command) => system.send(pid, command.kind, command as never),
    setWeights: (weights) => system.send(pid, 'setWeights', weights),
    updateQuota: (update) =>
      system.ask(pid, 'updateQuota', update, { timeoutMs: ANSWER_TIMEOUT_MS }),
    updateAvailable: (update) =>
      system.ask(pid, 'updateAvailable', update, { timeoutMs: ANSWER_TIMEOUT_MS }),
    metrics: () => (read ? allocatorMetrics(read()) : []),
    explain: (question) => system.ask(pid, 'explain', question, { timeoutMs: ANSWER_TIMEOUT_MS }),
    plan: () => system.ask(pid, 'plan', undefined, { timeoutMs: ANSWER_TIMEOUT_MS }),
    policies: () => {
      const { policy, shadow } = read?.().host ?? {};
      return { policy, shadow };
    },
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}
