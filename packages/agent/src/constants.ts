// Numbers of the agent that Mesos fixes or that bound what it keeps. Options may override the first.

/** The first registration waits a random time up to this, each retry up to twice the last. */
export const REGISTRATION_BACKOFF_FACTOR_MS = 1000;
/** No registration attempt waits longer than this. */
export const REGISTRATION_BACKOFF_MAX_MS = 60_000;
/** How long the agent waits for a ping before it registers again, until the master says otherwise. */
export const PING_PATIENCE_MS = 75_000;

/** The first retry of an unacknowledged status update; each next waits twice as long. */
export const UPDATE_RETRY_MIN_MS = 10_000;
/** The longest wait between two retries of a status update. */
export const UPDATE_RETRY_MAX_MS = 600_000;
/** Updates one task may have waiting for acknowledgement. More are refused and counted. */
export const UPDATES_PER_STREAM_MAX = 1000;
/** Acknowledged uuids one stream remembers, to recognise updates that come twice. */
export const ACKNOWLEDGED_UUIDS_MAX = 2000;

/** Operations that may wait for acknowledgement. More are dropped, and their masters told so. */
export const OPERATIONS_MAX = 1000;

/** How long a shut down executor may take before its container is destroyed. */
export const EXECUTOR_SHUTDOWN_GRACE_MS = 5000;
/** How long a container's destruction may take before the agent gives it up and moves on. */
export const CONTAINER_DESTROY_TIMEOUT_MS = 60_000;
/** How long a kill may take when neither the call nor the task says. */
export const TASK_KILL_GRACE_MS = 3000;

/** How long a custom executor may take from its start to its subscription. */
export const EXECUTOR_REGISTRATION_TIMEOUT_MS = 60_000;
/** Between two heartbeats on the stream of a custom executor. */
export const EXECUTOR_HEARTBEAT_MS = 1_800_000;
/** What a custom executor may leave unread before its stream is closed. It subscribes again then. */
export const EXECUTOR_STREAM_BYTES_MAX = 67_108_864;
/** What executors are told of how long they wait for an agent that is away. */
export const RECOVERY_TIMEOUT_MS = 900_000;
/** How long an agent waits for executors after its restart. */
export const EXECUTOR_REREGISTRATION_TIMEOUT_MS = 2000;
/** The longest that wait may be set to. */
export const EXECUTOR_REREGISTRATION_TIMEOUT_MAX_MS = 15_000;

/** Frameworks that ended and are still shown. */
export const COMPLETED_FRAMEWORKS_MAX = 50;
/** Executors that ended and are still shown, per framework. */
export const COMPLETED_EXECUTORS_PER_FRAMEWORK_MAX = 150;
/** Tasks that ended and are still shown, per executor. */
export const COMPLETED_TASKS_PER_EXECUTOR_MAX = 200;
/** Tasks that may live on one agent at a time. */
export const TASKS_MAX = 20_000;

/** What the command executor may use beside its task; not counted in offers. */
export const COMMAND_EXECUTOR_CPUS = 0.1;
/** As `COMMAND_EXECUTOR_CPUS`, in MB. */
export const COMMAND_EXECUTOR_MEM_MB = 32;

/** Default port of an agent. */
export const AGENT_PORT = 5051;
/** Bytes one `/files/read` answers at most: 16 memory pages. */
export const FILE_READ_BYTES_MAX = 65_536;
/** Largest file `/files/download` gives; larger ones are read in parts. */
export const FILE_DOWNLOAD_BYTES_MAX = 67_108_864;
/** Entries `/files/browse` lists at most. */
export const FILE_ENTRIES_MAX = 10_000;
