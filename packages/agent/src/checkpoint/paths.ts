// Where things lie in the work directory. The layout is Mesos', so that its tools find their way.
import { join, resolve } from 'node:path';
import { LEGACY_AGENT_METRICS, LEGACY_AGENTS_DIRECTORY } from '@kaon/protocol';

/** The record of the agent's info, as the file is called on disk. */
const AGENT_INFO_FILE = `${LEGACY_AGENT_METRICS}.info`;

/** Which run of which executor. */
export interface RunKey {
  readonly agentId: string;
  readonly frameworkId: string;
  readonly executorId: string;
  readonly containerId: string;
}

/** The paths of one work directory. Ids are legal file names: whoever makes a path has checked that. */
export class AgentPaths {
  /** Absolute. */
  readonly workDir: string;
  readonly meta: string;

  constructor(workDir: string) {
    this.workDir = workDir;
    this.meta = join(workDir, 'meta');
  }

  get bootId(): string {
    return join(this.meta, 'boot_id');
  }

  get resourcesMeta(): string {
    return join(this.meta, 'resources');
  }

  /** Reservations and volumes made at run time, and operations that wait for acknowledgement. */
  get resourceState(): string {
    return join(this.resourcesMeta, 'resources_and_operations.state');
  }

  /** As `resourceState`, while folders of volumes are made and removed: what it says is to come. */
  get resourceStateTarget(): string {
    return join(this.resourcesMeta, 'resources_and_operations.target');
  }

  /** Reservations and volumes alone, as agents without operations kept them. */
  get resourcesInfo(): string {
    return join(this.resourcesMeta, 'resources.info');
  }

  get agentsMeta(): string {
    return join(this.meta, LEGACY_AGENTS_DIRECTORY);
  }

  /** The link to the meta folder of the agent that ran last. */
  get latestAgent(): string {
    return join(this.agentsMeta, 'latest');
  }

  agentMeta(agentId: string): string {
    return join(this.agentsMeta, agentId);
  }

  agentInfo(agentId: string): string {
    return join(this.agentMeta(agentId), AGENT_INFO_FILE);
  }

  /** How the agent is being drained; there exactly while it is. */
  drainConfig(agentId: string): string {
    return join(this.agentMeta(agentId), 'drain.config');
  }

  operationsMeta(agentId: string): string {
    return join(this.agentMeta(agentId), 'operations');
  }

  operationMeta(agentId: string, operationUuid: string): string {
    return join(this.operationsMeta(agentId), operationUuid);
  }

  /** The statuses of an operation and their acknowledgements. */
  operationUpdates(agentId: string, operationUuid: string): string {
    return join(this.operationMeta(agentId, operationUuid), 'operation.updates');
  }

  /** The folder of a persistent volume on the root disk, or on the disk mounted at `root`. */
  volume(role: string, persistenceId: string, root = '.'): string {
    const folders = join(resolve(this.workDir, root), 'volumes', 'roles');
    return join(folders, folderOfRole(role), persistenceId);
  }

  frameworksMeta(agentId: string): string {
    return join(this.agentMeta(agentId), 'frameworks');
  }

  frameworkMeta(agentId: string, frameworkId: string): string {
    return join(this.frameworksMeta(agentId), frameworkId);
  }

  frameworkInfo(agentId: string, frameworkId: string): string {
    return join(this.frameworkMeta(agentId, frameworkId), 'framework.info');
  }

  executorsMeta(agentId: string, frameworkId: string): string {
    return join(this.frameworkMeta(agentId, frameworkId), 'executors');
  }

  executorMeta({ agentId, frameworkId, executorId }: Omit<RunKey, 'containerId'>): string {
    return join(this.executorsMeta(agentId, frameworkId), executorId);
  }

  executorInfo(key: Omit<RunKey, 'containerId'>): string {
    return join(this.executorMeta(key), 'executor.info');
  }

  runsMeta(key: Omit<RunKey, 'containerId'>): string {
    return join(this.executorMeta(key), 'runs');
  }

  runMeta(key: RunKey): string {
    return join(this.runsMeta(key), key.containerId);
  }

  latestRunMeta(key: Omit<RunKey, 'containerId'>): string {
    return join(this.runsMeta(key), 'latest');
  }

  /** Written when the executor has ended: recovery need not look for its container. */
  executorSentinel(key: RunKey): string {
    return join(this.runMeta(key), 'executor.sentinel');
  }

  pidsMeta(key: RunKey): string {
    return join(this.runMeta(key), 'pids');
  }

  processId(key: RunKey): string {
    return join(this.pidsMeta(key), 'forked.pid');
  }

  tasksMeta(key: RunKey): string {
    return join(this.runMeta(key), 'tasks');
  }

  taskMeta(key: RunKey, taskId: string): string {
    return join(this.tasksMeta(key), taskId);
  }

  taskInfo(key: RunKey, taskId: string): string {
    return join(this.taskMeta(key, taskId), 'task.info');
  }

  /** Ids of all tasks of the task's group, a line each; missing outside of groups. */
  taskGroup(key: RunKey, taskId: string): string {
    return join(this.taskMeta(key, taskId), 'task.group');
  }

  /** Empty; there when the executor has subscribed by HTTP. */
  httpMarker(key: RunKey): string {
    return join(this.runMeta(key), 'http.marker');
  }

  taskUpdates(key: RunKey, taskId: string): string {
    return join(this.taskMeta(key, taskId), 'task.updates');
  }

  executorFolder({ agentId, frameworkId, executorId }: Omit<RunKey, 'containerId'>): string {
    return join(
      this.workDir,
      LEGACY_AGENTS_DIRECTORY,
      agentId,
      'frameworks',
      frameworkId,
      'executors',
      executorId,
    );
  }

  /** The sandboxes of all runs of an executor. */
  sandboxes(key: Omit<RunKey, 'containerId'>): string {
    return join(this.executorFolder(key), 'runs');
  }

  /** The folder a task runs in. */
  sandbox(key: RunKey): string {
    return join(this.sandboxes(key), key.containerId);
  }

  /** The sandboxes of the tasks of groups, by nested container. */
  nestedSandboxes(key: RunKey): string {
    return join(this.sandbox(key), 'containers');
  }

  nestedSandbox(key: RunKey, nestedId: string): string {
    return join(this.nestedSandboxes(key), nestedId);
  }

  /** The links to those, by task. */
  taskLinks(key: RunKey): string {
    return join(this.sandbox(key), 'tasks');
  }

  taskLink(key: RunKey, taskId: string): string {
    return join(this.taskLinks(key), taskId);
  }

  latestSandbox(key: Omit<RunKey, 'containerId'>): string {
    return join(this.sandboxes(key), 'latest');
  }
}

/** The name of the folder of the volumes of a role: no role has a space in it. */
export function folderOfRole(role: string): string {
  return role.replaceAll('/', ' ');
}
