// From what somebody types to the framework or agent that is meant: an id, its beginning, or a name.
import { decodeList, decodeRecord, decodeString, formatDecodeError } from '@kaon/primitives';
import { CommandError } from '../errors.ts';
import { count } from '../output/format.ts';
import { printable } from '../output/table.ts';
import { getFromMaster } from './master-client.ts';

const decodeSummary = decodeRecord({
  slaves: decodeList(decodeRecord({ id: decodeString, hostname: decodeString })),
  frameworks: decodeList(decodeRecord({ id: decodeString, name: decodeString })),
});

/** Something with an id, and the name people give it. */
export interface Named {
  readonly id: string;
  readonly name: string;
}

/** Who is in a cluster. The name of an agent is its hostname. */
export interface ClusterNames {
  readonly frameworks: readonly Named[];
  readonly agents: readonly Named[];
}

/** An error lists so many. */
const LISTED_MAX = 10;

/** The names of a cluster, from `/state-summary`: the least a master tells that has them. */
export async function fetchNames(master: string): Promise<ClusterNames> {
  const decoded = decodeSummary(await getFromMaster(master, '/state-summary'));
  if (decoded.ok) {
    const { frameworks, slaves } = decoded.value;
    return { frameworks, agents: slaves.map(({ id, hostname }) => ({ id, name: hostname })) };
  }
  const problem = formatDecodeError(decoded.error);
  throw new CommandError(`the master at ${master} answered something unexpected: ${problem}`);
}

/** The framework meant by an id, a name, or the beginning of an id. */
export function findFramework({ frameworks }: ClusterNames, text: string): Named {
  return find('framework', frameworks, text);
}

/** The agent meant by an id, a hostname, or the beginning of an id. */
export function findAgent({ agents }: ClusterNames, text: string): Named {
  return find('agent', agents, text);
}

/** An id wins over a name, a name over the beginning of an id. */
function find(noun: string, all: readonly Named[], text: string): Named {
  const exact = all.find(({ id }) => id === text);
  if (exact !== undefined) return exact;
  const named = all.filter(({ name }) => name === text);
  const found = named.length > 0 ? named : all.filter(({ id }) => id.startsWith(text));
  const [only, ...others] = found;
  if (only !== undefined && others.length === 0) return only;
  if (only !== undefined) {
    throw new CommandError(
      `'${text}' may be any of ${count(found.length, noun)}: ${listOf(found)}`,
      {
        hint: 'Give the id, or as much of it as only one has.',
      },
    );
  }
  throw new CommandError(`no ${noun} is called '${text}'`, {
    hint: all.length === 0 ? `There are no ${noun}s.` : `There are: ${listOf(all)}`,
  });
}

function listOf(all: readonly Named[]): string {
  const shown = all.slice(0, LISTED_MAX).map(({ id, name }) => printable(`${id} (${name})`));
  const rest = all.length - shown.length;
  return shown.join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}
