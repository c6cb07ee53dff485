// The part of a master's `/state` that the tables and scripts use, checked.
import {
  type Decoder,
  decodeBoolean,
  decodeList,
  decodeNumber,
  decodeOptional,
  decodeRecord,
  decodeString,
  decodeUnknown,
  formatDecodeError,
} from '@kaon/primitives';
import { CommandError } from '../errors.ts';
import { getFromMaster } from './master-client.ts';

const decodeResources = decodeRecord({
  cpus: decodeOptional(decodeNumber),
  mem: decodeOptional(decodeNumber),
  disk: decodeOptional(decodeNumber),
  gpus: decodeOptional(decodeNumber),
  ports: decodeOptional(decodeString),
});

const decodeTask = decodeRecord({
  id: decodeString,
  name: decodeString,
  framework_id: decodeString,
  slave_id: decodeOptional(decodeString),
  state: decodeString,
  resources: decodeOptional(decodeResources),
  statuses: decodeOptional(
    decodeList(decodeRecord({ state: decodeString, timestamp: decodeOptional(decodeNumber) })),
  ),
});

const decodeFramework = decodeRecord({
  id: decodeString,
  name: decodeString,
  user: decodeOptional(decodeString),
  role: decodeOptional(decodeString),
  roles: decodeOptional(decodeList(decodeString)),
  active: decodeOptional(decodeBoolean),
  connected: decodeOptional(decodeBoolean),
  recovered: decodeOptional(decodeBoolean),
  registered_time: decodeOptional(decodeNumber),
  used_resources: decodeOptional(decodeResources),
  tasks: decodeOptional(decodeList(decodeTask)),
  unreachable_tasks: decodeOptional(decodeList(decodeTask)),
  completed_tasks: decodeOptional(decodeList(decodeTask)),
});

const decodeAgent = decodeRecord({
  id: decodeString,
  hostname: decodeString,
  port: decodeOptional(decodeNumber),
  pid: decodeOptional(decodeString),
  active: decodeOptional(decodeBoolean),
  deactivated: decodeOptional(decodeBoolean),
  version: decodeOptional(decodeString),
  registered_time: decodeOptional(decodeNumber),
  resources: decodeOptional(decodeResources),
  used_resources: decodeOptional(decodeResources),
  attributes: decodeOptional(decodeUnknown),
});

const decodeState = decodeRecord({
  id: decodeString,
  version: decodeOptional(decodeString),
  unreachable_slaves: decodeOptional(decodeNumber),
  slaves: decodeList(decodeAgent),
  frameworks: decodeList(decodeFramework),
  completed_frameworks: decodeOptional(decodeList(decodeFramework)),
});

type Yield<D> = D extends Decoder<infer T> ? T : never;
/** Amounts as `/state` sums them up. */
export type StateResources = Yield<typeof decodeResources>;
/** A task, as `/state` shows it. */
export type StateTask = Yield<typeof decodeTask>;
/** A framework, as `/state` shows it. */
export type StateFramework = Yield<typeof decodeFramework>;
/** An agent, as `/state` shows it. */
export type StateAgent = Yield<typeof decodeAgent>;
/** The part of `/state` that the tables are made of. */
export type MasterState = Yield<typeof decodeState>;

/** `/state` of the leading master. */
export async function fetchMasterState(master: string): Promise<MasterState> {
  const decoded = decodeState(await getFromMaster(master, '/state'));
  if (decoded.ok) return decoded.value;
  const problem = formatDecodeError(decoded.error);
  throw new CommandError(`the master at ${master} answered something unexpected: ${problem}`);
}
