// Commands as numbers: what is sent to a kernel on another thread, kept for replay, and snapshots.
import { invariant } from '@kaon/primitives';
import { grownFloat64 } from './columns.ts';
import type { AgentFacts, KernelCommands } from './kernel-commands.ts';
import type { ParcelRows } from './parcels.ts';

/** A batch of commands. `words` may be transferred; `names` are the few strings, in order of use. */
export interface CommandBatch {
  readonly words: Float64Array<ArrayBuffer>;
  readonly names: readonly string[];
}

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
} as const;

/** Records commands instead of carrying them out. */
export class CommandBuffer implements KernelCommands {
  #words = new Float64Array(256);
  #length = 0;
  #names: string[] = [];
  /** Commands recorded since the last `take`. */
  size = 0;

  /** Words recorded since the last `take`. */
  get length(): number {
    return this.#length;
  }

  /** What was recorded, in a buffer of its own; the recorder is empty afterwards. */
  take(): CommandBatch {
    const batch = { words: this.#words.slice(0, this.#length), names: this.#names };
    this.#length = 0;
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

  addAllocated(framework: number, role: number, quantities: Float64Array): void {
    this.#client(OP.addAllocated, framework, role);
    this.#array(quantities);
  }

  recover(framework: number, role: number, quantities: Float64Array): void {
    this.#client(OP.recover, framework, role);
    this.#array(quantities);
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

  restoreRoleCounts(path: string, count: number, leafCount: number): void {
    this.#begin(OP.restoreRoleCounts, count);
    this.#push(leafCount);
    this.#names.push(path);
  }

  restoreClientCount(framework: number, role: number, count: number): void {
    this.#client(OP.restoreClientCount, framework, role);
    this.#push(count);
  }

  #begin(op: number, operand: number): void {
    this.size += 1;
    this.#push(op);
    this.#push(operand);
  }

  #client(op: number, framework: number, role: number): void {
    this.#begin(op, framework);
    this.#push(role);
  }

  #facts({ isActive, demands, lacks, total }: AgentFacts): void {
    this.#push(isActive ? 1 : 0);
    this.#push(demands);
    this.#push(lacks);
    this.#array(total);
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

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed > this.#words.length) {
      this.#words = grownFloat64(this.#words, Math.max(needed, this.#words.length * 2));
    }
  }
}

/** Carries out a batch on `kernel`, in order. */
export function applyBatch(kernel: KernelCommands, { words, names }: CommandBatch): void {
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
  const array = (): Float64Array => {
    const length = word();
    at += length;
    return words.subarray(at - length, at);
  };
  const facts = (): AgentFacts => ({
    isActive: word() === 1,
    demands: word(),
    lacks: word(),
    total: array(),
  });

  while (at < words.length) {
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
        kernel.addAgent(operand, facts(), array());
        break;
      case OP.updateAgent:
        kernel.updateAgent(operand, facts(), array());
        break;
      case OP.setFree:
        kernel.setFree(operand, array());
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
        kernel.addAllocated(operand, word(), array());
        break;
      case OP.recover:
        kernel.recover(operand, word(), array());
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
        kernel.refuse(operand, word(), word(), word(), array());
        break;
      case OP.restoreRoleCounts:
        kernel.restoreRoleCounts(name(), operand, word());
        break;
      case OP.restoreClientCount:
        kernel.restoreClientCount(operand, word(), word());
        break;
      default:
        invariant(false, `command code ${op} is known`);
    }
  }
}
