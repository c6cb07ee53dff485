// Numbers of the master: Mesos' defaults and the bounds of what it holds. Flags override some of them.

/** Time between the pings of one agent. */
export const AGENT_PING_TIMEOUT_MS = 15_000;
/** Pings in a row without an answer after which an agent is unreachable. */
export const AGENT_PINGS_MISSED_MAX = 5;
/** Time a disconnected or recovered agent has to come back. */
export const AGENT_REREGISTER_TIMEOUT_MS = 600_000;
/** Time between heartbeats on a scheduler's stream. */
export const HEARTBEAT_INTERVAL_MS = 15_000;

/** How long declined resources are not offered again when the call does not say. */
export const REFUSE_DEFAULT_MS = 5_000;
/** Longer refusals are cut to this: 365 days. */
export const REFUSE_MAX_MS = 31_536_000_000;

/** Frameworks that have ended and are still shown. */
export const COMPLETED_FRAMEWORKS_MAX = 50;
/** Tasks of one framework that have ended and are still shown. */
export const COMPLETED_TASKS_PER_FRAMEWORK_MAX = 1000;
/** Unreachable tasks of one framework that are remembered. */
export const UNREACHABLE_TASKS_PER_FRAMEWORK_MAX = 1000;
/** Ids of removed agents that are remembered, to ignore what they still send. */
export const REMOVED_AGENTS_MAX = 100_000;
/** Agents on the unreachable or gone list of the registry that are kept in memory. */
export const LOST_AGENTS_MAX = 102_400;
/** How often the registry forgets agents that were lost long ago. */
export const REGISTRY_PRUNE_INTERVAL_MS = 900_000;
/** How long it remembers them: two weeks. */
export const LOST_AGENTS_AGE_MAX_MS = 1_209_600_000;
/** Statuses kept per task; the latest of each state, so this is only a backstop. */
export const STATUSES_PER_TASK_MAX = 32;

/** Statuses kept per operation; there are two or three in its life. */
export const STATUSES_PER_OPERATION_MAX = 8;
/** Offer operations that have not ended, or whose end is not acknowledged. More are refused. */
export const OPERATIONS_MAX = 200_000;
/** How long the master waits for a framework before it acknowledges operations in its place. */
export const ORPHAN_OPERATION_WAIT_MS = 600_000;

/** Admissions that may wait for the registry at once. More are ignored; agents try again. */
export const ADMISSIONS_MAX = 50_000;
/** Agents registered at once. More are refused; they try again. */
export const AGENTS_MAX = 100_000;
/** Messages that may wait for the master: a whole cluster that comes back at once, and its tasks. */
export const MAILBOX_MAX = 1_000_000;
/** Roles that may have a weight, and as many a quota. */
export const POLICY_ROLES_MAX = 10_000;
/** Machines in a maintenance schedule, or named by one call. */
export const MACHINES_MAX = 100_000;
/** Changes of operators that may wait for the registry at once. More are answered 503 and counted. */
export const OPERATOR_CHANGES_MAX = 1_000;
/** Frameworks at a time; more are refused. */
export const FRAMEWORKS_MAX = 10_000;
/** Offers named by one call. */
export const OFFERS_PER_CALL_MAX = 10_000;
/** Operations in one call. */
export const OPERATIONS_PER_CALL_MAX = 10_000;
/** Tasks named by one call, over all its operations. */
export const TASKS_PER_CALL_MAX = 50_000;

/** Unread bytes after which a scheduler counts as too slow and its stream is closed. */
export const SCHEDULER_STREAM_BYTES_MAX = 64 * 1024 ** 2;
/** How long the HTTP side waits for the master actor. */
export const CALL_TIMEOUT_MS = 10_000;

/** Bytes of the log that one answer holds at most: 16 memory pages. */
export const LOG_READ_BYTES_MAX = 65_536;
/** Largest log that is given as a whole; larger ones are read in parts. */
export const LOG_DOWNLOAD_BYTES_MAX = 67_108_864;
/** How often the list of hosts that may be offered is read again. */
export const WHITELIST_INTERVAL_MS = 5_000;
/** Longest list of hosts that may be offered. */
export const WHITELIST_BYTES_MAX = 16 * 1024 ** 2;
/** Tasks on one page of `/tasks`. */
export const TASKS_PAGE_DEFAULT = 100;
/** Grants on one page of `/allocator/plan`. */
export const PLAN_PAGE_DEFAULT = 1000;
/** Explanations and plans asked for at once over HTTP. Each may take as long as a pass. */
export const ALLOCATOR_READS_MAX = 32;

/** Time spent at once on encoding changes for the copy of the state that readers see. */
export const READ_SLICE_MS = 2;
/** Changes kept for that copy; with more it is begun anew. */
export const JOURNAL_CHANGES_MAX = 2_000_000;
/** After this long without a reader the copy is dropped. */
export const READS_IDLE_MS = 600_000;
/** A copy that is silent for so long while it is asked is given up. */
export const READ_TIMEOUT_MS = 30_000;
/** Different questions that may wait for the copy. More are refused. */
export const READS_WAITING_MAX = 1000;
/** Bytes of answers on their way to readers. While there are more, new questions are refused. */
export const READ_ANSWERS_BYTES_MAX = 1024 ** 3;
/** Answers up to this size are kept for the next reader while the state does not change. */
export const ANSWERS_KEPT_BYTES_MAX = 16 * 1024 ** 2;
/** Answers kept so. */
export const ANSWERS_KEPT_MAX = 64;
/** Unread bytes of an answer beyond which its reader is given no more for now. */
export const READER_BYTES_MAX = 256 * 1024;
/** A reader that takes nothing for so long is cut off. */
export const READER_STALL_MS = 60_000;

/** Subscribers of the event stream; with more the oldest one's stream ends. */
export const EVENT_SUBSCRIBERS_MAX = 1000;
/** Time spent at once on writing events to subscribers. */
export const EVENT_SLICE_MS = 4;
/** Time for which events are gathered before they are written to many subscribers. */
export const EVENT_GATHER_MS_MAX = 1;
/** Bytes of events kept for those that do not read; beyond it they start over with a snapshot. */
export const EVENT_BACKLOG_BYTES_MAX = 16 * 1024 ** 2;
/** Unread bytes beyond which a subscriber is given no more events for now. */
export const SUBSCRIBER_BYTES_MAX = 1024 ** 2;
/** A subscriber that fell behind and takes nothing for so long is cut off. */
export const SUBSCRIBER_STALL_MS = 60_000;

/** Least resources of an executor that a scheduler brings along. */
export const EXECUTOR_CPUS_MIN = 0.01;
/** Memory an executor asks for at the least, in megabytes. */
export const EXECUTOR_MEM_MB_MIN = 32;
