// How the master sees its allocator.
import type { Pid } from '@kaon/actor';
import type {
  AllocatorCommand,
  ExplainQuestion,
  Explanation,
  PlannedGrant,
  PolicyReport,
  QuotaInvalidError,
  RoleWeight,
  UpdateAvailable,
  UpdateQuota,
} from '@kaon/allocator';
import type { Result } from '@kaon/primitives';

/** Decides what is offered to whom, and says so by the callback it was made with. */
export interface AllocatorPort {
  /** The actor behind it, if there is one: the master ends when it fails. */
  readonly pid?: Pid | undefined;
  /** Takes in a change. In order; never throws for commands a master makes. */
  tell(command: AllocatorCommand): void;
  /** Weights of roles; each is above 0 and finite. Absent: every role weighs 1. */
  setWeights?(weights: readonly RoleWeight[]): void;
  /** Puts quotas in force, or says what is wrong with them. Absent: as `setQuota`, none is judged. */
  updateQuota?(update: UpdateQuota): Promise<Result<void, QuotaInvalidError>>;
  /**
   * Converts what nobody holds of an agent, after the commands told before. The error says why it cannot.
   * Rejects when it does not answer.
   */
  updateAvailable(update: UpdateAvailable): Promise<Result<void, string>>;
  /** Its metrics by Mesos' keys, as of now. */
  metrics(): Iterable<readonly [string, number]>;
  /** Why a framework has got what it has; undefined: it is not known. Rejects when it does not answer. */
  explain(question: ExplainQuestion): Promise<Explanation | undefined>;
  /** What the next pass over all agents would grant; nothing is granted. Rejects as `explain` does. */
  plan(): Promise<readonly PlannedGrant[]>;
  /** How policies of the operator's do. Absent: there can be none. */
  policies?(): PolicyReport;
  /** Ends it; nothing is allocated any more. */
  close(): Promise<void>;
}
