// Commands as numbers: what is sent to a kernel on another thread, kept for replay, and snapshots.
import { invariant } from '@kaon/primitives';
import type { AgentFacts, KernelCommands } from './kernel-commands.ts';
import type { ParcelRows } from './parcels.ts';

/**
 * A batch of commands. `names` are the few strings, in order of use. The chunks lie in shared memory:
 * another thread reads them without a copy, and they can be kept for replay meanwhile.
 */
export interface CommandBatch {
  /** Words of whole commands. Read only. */
  readonly chunks: readonly Float64Array[];
  readonly names: readonly string[];
}

/** Words in all chunks of a batch. */
export function batchLength({ chunks }: CommandBatch): number {
  return chunks.reduce((total, { length }) => total + length, 0);
}

/** Words of a chunk that is not made for one large command: 256 KiB. */
const CHUNK_WORDS = 32_768;
const FIRST_CHUNK_WORDS = 512;

/** Codes of the commands in `words`. Batches do not outlive the process, so they may change. */
const OP = {
  addRole: 1,
  removeRole: 2,
  setWeight: 3,
  addAgent: 4,
  updateAgent: 5,
  setFree: 6,
  activateAgent: 7,
  deactivateAgent: 8,
  removeAgent: 9,
  clearRefusals: 10,
  addFramework: 11,
  updateFramework: 12,
  activateFramework: 13,
  deactivateFramework: 14,
  removeFramework: 15,
  subscribe: 16,
  unsubscribe: 17,
  addAllocated: 18,
  recover: 19,
  suppress: 20,
  revive: 21,
  refuse: 22,
  restoreRoleCounts: 23,
  restoreClientCount: 24,
  unsuppress: 25,
  setQuota: 26,
  setMinimums: 27,
  clearMinimums: 28,
  setExclusionList: 29,
  setExclusions: 30,
  exclude: 31,
  adjustAllocated: 32,
  restoreClients: 33,
  restoreRefusals: 34,
} as const;

/** Records commands instead of carrying them out. */
export class CommandBuffer implements KernelCommands {
  #chunks: Float64Array[] = [];
  #words = sharedWords(FIRST_CHUNK_WORDS);
  /** Where the current chunk ends, and where its last whole command does. */
  #length = 0;
  #whole = 0;
  #names: string[] = [];
  /** Commands recorded since the last `take`. */
  size = 0;

  /** What was recorded; the recorder is empty afterwards. */
  take(): CommandBatch {
    this.#close();
    const batch = { chunks: this.#chunks, names: this.#names };
    this.#chunks = [];
    this.#words = sharedWords(FIRST_CHUNK_WORDS);
    this.#names = [];
    this.size = 0;
    return batch;
  }

  addRole(role: number, path: string): void {
    this.#begin(OP.addRole, role);
    this.#names.push(path);
  }

  removeRole(role: number): void {
    this.#begin(OP.removeRole, role);
  }

  setWeight(path: string, weight: number): void {
    this.#begin(OP.setWeight, weight);
    this.#names.push(path);
  }

  setQuota(path: string, guarantees: Float64Array, limits: Float64Array): void {
    this.#begin(OP.setQuota, 0);
    this.#array(guarantees);
    this.#array(limits);
    this.#names.push(path);
  }

  addAgent(agent: number, facts: AgentFacts, free: ParcelRows): void {
    this.#begin(OP.addAgent, agent);
    this.#facts(facts);
    this.#array(free);
  }

  updateAgent(agent: number, facts: AgentFacts, free: ParcelRows): void {
    this.#begin(OP.updateAgent, agent);
    this.#facts(facts);
    this.#array(free);
  }

  setFree(agent: number, free: ParcelRows): void {
    this.#begin(OP.setFree, agent);
    this.#array(free);
  }

  activateAgent(agent: number): void {
    this.#begin(OP.activateAgent, agent);
  }

  deactivateAgent(agent: number): void {
    this.#begin(OP.deactivateAgent, agent);
  }

  removeAgent(agent: number): void {
    this.#begin(OP.removeAgent, agent);
  }

  clearRefusals(agent: number): void {
    this.#begin(OP.clearRefusals, agent);
  }

  addFramework(framework: number, name: string, capabilities: number): void {
    this.#begin(OP.addFramework, framework);
    this.#push(capabilities);
    this.#names.push(name);
  }

  updateFramework(framework: number, capabilities: number): void {
    this.#begin(OP.updateFramework, framework);
    this.#push(capabilities);
  }

  activateFramework(framework: number): void {
    this.#begin(OP.activateFramework, framework);
  }

  deactivateFramework(framework: number): void {
    this.#begin(OP.deactivateFramework, framework);
  }

  removeFramework(framework: number): void {
    this.#begin(OP.removeFramework, framework);
  }

  subscribe(framework: number, role: number): void {
    this.#client(OP.subscribe, framework, role);
  }

  unsubscribe(framework: number, role: number): void {
    this.#client(OP.unsubscribe, framework, role);
  }

  addAllocated(
    framework: number,
    role: number,
    quantities: Float64Array,
    unreserved: Float64Array,
  ): void {
    this.#client(OP.addAllocated, framework, role);
    this.#array(quantities);
    this.#array(unreserved);
  }

  recover(
    framework: number,
    role: number,
    quantities: Float64Array,
    unreserved: Float64Array,
  ): void {
    this.#client(OP.recover, framework, role);
    this.#array(quantities);
    this.#array(unreserved);
  }

  adjustAllocated(
    framework: number,
    role: number,
    quantities: Float64Array,
    unreserved: Float64Array,
  ): void {
    this.#client(OP.adjustAllocated, framework, role);
    this.#array(quantities);
    this.#array(unreserved);
  }

  suppress(framework: number, role: number): void {
    this.#client(OP.suppress, framework, role);
  }

  unsuppress(framework: number, role: number): void {
    this.#client(OP.unsuppress, framework, role);
  }

  revive(framework: number, role: number): void {
    this.#client(OP.revive, framework, role);
  }

  refuse(
    framework: number,
    role: number,
    agent: number,
    expiresMs: number,
    refused: ParcelRows,
  ): void {
    this.#client(OP.refuse, framework, role);
    this.#push(agent);
    this.#push(expiresMs);
    this.#array(refused);
  }

  setMinimums(framework: number, role: number, minimums: Float64Array): void {
    this.#client(OP.setMinimums, framework, role);
    this.#array(minimums);
  }

  clearMinimums(framework: number, role: number): void {
    this.#client(OP.clearMinimums, framework, role);
  }

  setExclusionList(framework: number, role: number, list: number): void {
    this.#client(OP.setExclusionList, framework, role);
    this.#push(list);
  }

  setExclusions(list: number, agents: Float64Array): void {
    this.#begin(OP.setExclusions, list);
    this.#array(agents);
  }

  exclude(list: number, agent: number, isExcluded: boolean): void {
    this.#begin(OP.exclude, list);
    this.#push(agent);
    this.#push(isExcluded ? 1 : 0);
  }

  restoreRoleCounts(path: string, count: number, leafCount: number): void {
    this.#begin(OP.restoreRoleCounts, count);
    this.#push(leafCount);
    this.#names.push(path);
  }

  restoreClientCount(framework: number, role: number, count: number): void {
    this.#client(OP.restoreClientCount, framework, role);
    this.#push(count);
  }

  restoreClients(pairs: Float64Array): void {
    this.#begin(OP.restoreClients, 0);
    this.#array(pairs);
  }

  restoreRefusals(
    agent: number,
    expiresMs: number,
    refused: ParcelRows,
    clients: Float64Array,
  ): void {
    this.#begin(OP.restoreRefusals, agent);
    this.#push(expiresMs);
    this.#array(refused);
    this.#array(clients);
  }

  #begin(op: number, operand: number): void {
    this.size += 1;
    this.#whole = this.#length;
    this.#push(op);
    this.#push(operand);
  }

  #client(op: number, framework: number, role: number): void {
    this.#begin(op, framework);
    this.#push(role);
  }

  #facts({ isActive, demands, lacks, total, reserved }: AgentFacts): void {
    this.#push(isActive ? 1 : 0);
    this.#push(demands);
    this.#push(lacks);
    this.#array(total);
    this.#array(reserved);
  }

  #array(values: Float64Array): void {
    this.#push(values.length);
    this.#reserve(values.length);
    this.#words.set(values, this.#length);
    this.#length += values.length;
  }

  #push(word: number): void {
    this.#reserve(1);
    this.#words[this.#length] = word;
    this.#length += 1;
  }

  /** Makes room; a command that does not fit moves, as far as it is written, to a new chunk. */
  #reserve(count: number): void {
    if (this.#length + count <= this.#words.length) return;
    const begun = this.#words.subarray(this.#whole, this.#length);
    const needed = begun.length + count;
    this.#length = this.#whole;
    const isFirst = this.#chunks.length === 0 && this.#words.length < CHUNK_WORDS;
    this.#close();
    this.#words = sharedWords(Math.max(isFirst ? CHUNK_WORDS / 4 : CHUNK_WORDS, needed));
    this.#words.set(begun);
    this.#length = begun.length;
  }

  #close(): void {
    if (this.#length > 0) this.#chunks.push(this.#words.subarray(0, this.#length));
    this.#length = 0;
    this.#whole = 0;
  }
}

function sharedWords(length: number): Float64Array {
  return new Float64Array(new SharedArrayBuffer(length * Float64Array.BYTES_PER_ELEMENT));
}

/** Arrays up to this length are copied out of a batch. */
const SCRATCH_MAX = 64;
const scratch: readonly (readonly Float64Array[])[] = [0, 1, 2].map(() =>
  Array.from({ length: SCRATCH_MAX + 1 }, (_, length) => new Float64Array(length)),
);

/**
 * Carries out a batch on `kernel`, in order. The arrays it hands over are used again for the next
 * command: the kernel must not keep them.
 */
export function applyBatch(kernel: KernelCommands, { chunks, names }: CommandBatch): void {
  let words: Float64Array = new Float64Array(0);
  let at = 0;
  let nameAt = 0;
  const word = (): number => {
    invariant(at < words.length, 'a command has all its words');
    at += 1;
    return words[at - 1]!;
  };
  const name = (): string => {
    nameAt += 1;
    return names[nameAt - 1] ?? '';
  };
  // Small arrays are copied: that costs less than a view of shared memory. `place` tells the arrays of
  // one command apart.
  const array = (place: number): Float64Array => {
    const length = word();
    const from = at;
    at += length;
    if (length > SCRATCH_MAX) return words.subarray(from, at);
    const copy = scratch[place]![length]!;
    for (let index = 0; index < length; index += 1) copy[index] = words[from + index]!;
    return copy;
  };
  const facts = (): AgentFacts => ({
    isActive: word() === 1,
    demands: word(),
    lacks: word(),
    total: array(0),
    reserved: array(1),
  });

  const carryOut = (): void => {
    const op = word();
    const operand = word();
    switch (op) {
      case OP.addRole:
        kernel.addRole(operand, name());
        break;
      case OP.removeRole:
        kernel.removeRole(operand);
        break;
      case OP.setWeight:
        kernel.setWeight(name(), operand);
        break;
      case OP.addAgent:
        kernel.addAgent(operand, facts(), array(2));
        break;
      case OP.updateAgent:
        kernel.updateAgent(operand, facts(), array(2));
        break;
      case OP.setFree:
        kernel.setFree(operand, array(0));
        break;
      case OP.activateAgent:
        kernel.activateAgent(operand);
        break;
      case OP.deactivateAgent:
        kernel.deactivateAgent(operand);
        break;
      case OP.removeAgent:
        kernel.removeAgent(operand);
        break;
      case OP.clearRefusals:
        kernel.clearRefusals(operand);
        break;
      case OP.addFramework:
        kernel.addFramework(operand, name(), word());
        break;
      case OP.updateFramework:
        kernel.updateFramework(operand, word());
        break;
      case OP.activateFramework:
        kernel.activateFramework(operand);
        break;
      case OP.deactivateFramework:
        kernel.deactivateFramework(operand);
        break;
      case OP.removeFramework:
        kernel.removeFramework(operand);
        break;
      case OP.subscribe:
        kernel.subscribe(operand, word());
        break;
      case OP.unsubscribe:
        kernel.unsubscribe(operand, word());
        break;
      case OP.addAllocated:
        kernel.addAllocated(operand, word(), array(0), array(1));
        break;
      case OP.recover:
        kernel.recover(operand, word(), array(0), array(1));
        break;
      case OP.adjustAllocated:
        kernel.adjustAllocated(operand, word(), array(0), array(1));
        break;
      case OP.suppress:
        kernel.suppress(operand, word());
        break;
      case OP.unsuppress:
        kernel.unsuppress(operand, word());
        break;
      case OP.revive:
        kernel.revive(operand, word());
        break;
      case OP.refuse:
        kernel.refuse(operand, word(), word(), word(), array(0));
        break;
      case OP.setQuota:
        kernel.setQuota(name(), array(0), array(1));
        break;
      case OP.setMinimums:
        kernel.setMinimums(operand, word(), array(0));
        break;
      case OP.clearMinimums:
        kernel.clearMinimums(operand, word());
        break;
      case OP.setExclusionList:
        kernel.setExclusionList(operand, word(), word());
        break;
      case OP.setExclusions:
        kernel.setExclusions(operand, array(0));
        break;
      case OP.exclude:
        kernel.exclude(operand, word(), word() === 1);
        break;
      case OP.restoreRoleCounts:
        kernel.restoreRoleCounts(name(), operand, word());
        break;
      case OP.restoreClientCount:
        kernel.restoreClientCount(operand, word(), word());
        break;
      case OP.restoreClients:
        kernel.restoreClients(array(0));
        break;
      case OP.restoreRefusals:
        kernel.restoreRefusals(operand, word(), array(0), array(1));
        break;
      default:
        invariant(false, `command code ${op} is known`);
    }
  };

  for (const chunk of chunks) {
    words = chunk;
    at = 0;
    while (at < words.length) carryOut();
  }
}
