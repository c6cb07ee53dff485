// What an agent needs to know of its machine, and what it offers when its operator says nothing.
import { err, ok, type Result } from '@kaon/primitives';
import { createMessage, Resource } from '@kaon/protocol';
import { parseResourceRecords } from '@kaon/resources';

/** The size and identity of a machine. */
export interface HostFacts {
  readonly hostname: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  /** Size of the file system the work directory is on. */
  readonly diskBytes: number;
  /** Changes at each boot; undefined when unknown. */
  readonly bootId?: string | undefined;
  /** Whether tasks may be run as other users. */
  readonly runsAsRoot: boolean;
}

/** What a machine does at the moment. */
export interface HostLoad {
  readonly cpus: number;
  readonly load: {
    readonly oneMinute: number;
    readonly fiveMinutes: number;
    readonly fifteenMinutes: number;
  };
  readonly memoryFreeBytes: number;
  readonly memoryTotalBytes: number;
}

const MEGABYTE = 1024 * 1024;
const MEMORY_KEPT_MB = 1024;
const DISK_KEPT_MB = 5 * 1024;
const DEFAULT_PORTS = { begin: 31_000, end: 32_000 } as const;

/**
 * The resources of an agent: what `text` says in Mesos' syntax, and of the standard kinds it does not
 * name, what the machine has: all cpus, memory but 1 GB and disk but 5 GB (or half, when there is
 * little), ports 31000 to 32000.
 */
export function agentResources(text: string, host: HostFacts): Result<readonly Resource[], string> {
  const given = parseResourceRecords(text);
  if (!given.ok) return given;
  const named = new Set(given.value.map(({ name }) => name));
  const gpus = given.value.find(({ name }) => name === 'gpus')?.scalar?.value ?? 0;
  if (!Number.isInteger(gpus)) return err(`gpus must be a whole number, not ${gpus}`);
  const scalar = (name: string, value: number): Resource =>
    createMessage(Resource, { name, type: 'SCALAR', scalar: { value } });
  const probed = [
    scalar('cpus', Math.max(1, host.cpus)),
    scalar('mem', keepBack(host.memoryBytes / MEGABYTE, MEMORY_KEPT_MB)),
    scalar('disk', keepBack(host.diskBytes / MEGABYTE, DISK_KEPT_MB)),
    createMessage(Resource, { name: 'ports', type: 'RANGES', ranges: { range: [DEFAULT_PORTS] } }),
  ];
  const missing = probed.filter((resource) => !named.has(resource.name) && hasAmount(resource));
  // A named kind of amount zero says: none of it.
  return ok([...given.value, ...missing].filter(hasAmount));
}

/** All but `kept`, or half when that is more. */
function keepBack(totalMb: number, keptMb: number): number {
  return Math.floor(totalMb >= 2 * keptMb ? totalMb - keptMb : totalMb / 2);
}

function hasAmount({ scalar }: Resource): boolean {
  return scalar === undefined || scalar.value > 0;
}
