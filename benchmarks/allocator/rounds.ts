// Whole rounds: everybody declines all offers, and quotas for thousands of roles until nothing more is granted.
import {
  AllocatorKernel,
  applyBatch,
  CommandBuffer,
  type KernelCommands,
  parcelRows,
} from '@kaon/allocator';
import { buildCluster, KERNEL_OPTIONS, KINDS, tellCluster } from './cluster.ts';
import { Floor } from './floor.ts';
import { Ledger } from './ledger.ts';
import { kernelAfter, recorded, timed } from './passes.ts';
import { type ClusterSize, figureSizes } from './rows.ts';
import { type JobInput, type JobResult, runParts, type Sample } from './sample.ts';

const SEED = 11;
const EXPIRES_MS = 3_600_000;
const ROUNDS_MAX = 100;

export function runRounds(input: JobInput): Promise<JobResult> {
  const { decline, quotaAll } = figureSizes(input.isQuick);
  return runParts([
    ['decline round', () => declineRounds(decline, input)],
    ['quota on all', () => quotaOnAll(quotaAll, input)],
  ]);
}

/**
 * Every offer of the last pass is declined with a filter, then comes the next pass. Timed: recording these
 * commands, carrying them out, and the pass. Rounds follow each other, so that refusals add up.
 */
function declineRounds(size: ClusterSize, { runs }: JobInput): Sample[] {
  const cluster = buildCluster(size);
  const kernel = kernelAfter(recorded((commands) => tellCluster(cluster, commands)));
  const ledger = new Ledger(cluster);
  let offered = ledger.take(kernel.allocate({ nowMs: 0, seed: SEED }));
  const parts = { 'recording ms': [], 'commands ms': [], 'pass ms': [] } as Record<
    string,
    number[]
  >;
  const values: number[] = [];
  const processorMs: number[] = [];
  let operations = 0;
  for (let round = 0; round <= runs; round += 1) {
    const agents = [...new Set(offered.map(({ agent }) => agent))];
    const record = timed(() => {
      const commands = new CommandBuffer();
      for (const { agent, framework, role, rows } of offered) {
        commands.refuse(framework, role, agent, EXPIRES_MS, rows);
      }
      ledger.giveBack(agents, commands);
      return commands.take();
    });
    const carryOut = timed(() => applyBatch(kernel, record.result));
    const pass = timed(() => kernel.allocate({ nowMs: 0, seed: SEED + round }));
    offered = ledger.take(pass.result);
    operations = offered.length;
    // The first round is the warm-up.
    if (round === 0) continue;
    values.push(record.ms + carryOut.ms + pass.ms);
    processorMs.push(record.processorMs + carryOut.processorMs + pass.processorMs);
    parts['recording ms']?.push(record.ms);
    parts['commands ms']?.push(carryOut.ms);
    parts['pass ms']?.push(pass.ms);
  }
  const extra = Object.fromEntries(
    Object.entries(parts).map(([name, all]) => [name, all.sort((a, b) => a - b)[all.length >> 1]!]),
  );
  return [
    { row: 'decline', size, contender: 'kaon', values, processorMs, operations, extra },
    declineRoundsOfFloor(size, runs),
  ];
}

function declineRoundsOfFloor(size: ClusterSize, runs: number): Sample {
  const floor = new Floor(buildCluster(size));
  floor.passWithRefusals(SEED);
  const values: number[] = [];
  for (let round = 0; round <= runs; round += 1) {
    const { ms } = timed(() => {
      for (let grant = 0; grant < floor.grants; grant += 1) {
        floor.refuse(floor.frameworks[grant]!, floor.agents[grant]!);
      }
      floor.giveBack(floor.agents.subarray(0, floor.grants));
      floor.passWithRefusals(SEED + round);
    });
    if (round > 0) values.push(ms);
  }
  return { row: 'decline', size, contender: 'floor', values, operations: floor.grants };
}

/**
 * As many agents as roles and frameworks, all roles with a quota that is guarantee and limit in one: small ones
 * of half an agent, large ones of two. A new kernel for each run; timed are the passes, up to and with the one
 * that grants nothing, which is a figure of its own as well.
 */
function quotaOnAll(
  { smallRoles, largeRoles }: { readonly smallRoles: number; readonly largeRoles: number },
  { runs }: JobInput,
): Sample[] {
  const roles = smallRoles + largeRoles;
  const agents = smallRoles / 5 + largeRoles * 5;
  const size: ClusterSize = { agents, frameworks: roles, shape: 'flat' };
  const batch = recorded((commands) => tellQuotaCluster(smallRoles, roles, agents, commands));
  const untilNothing: number[] = [];
  const processorMs: number[] = [];
  const nothing: number[] = [];
  let operations = 0;
  let passes = 0;
  for (let run = 0; run <= runs; run += 1) {
    const kernel = new AllocatorKernel(KERNEL_OPTIONS);
    applyBatch(kernel, batch);
    globalThis.gc?.();
    let total = 0;
    let totalProcessorMs = 0;
    let granted = 0;
    for (passes = 1; passes <= ROUNDS_MAX; passes += 1) {
      const pass = timed(() => kernel.allocate({ nowMs: 0, seed: SEED + passes }));
      const { ms, result } = pass;
      total += ms;
      totalProcessorMs += pass.processorMs;
      granted += result.agents.length;
      if (result.agents.length > 0) continue;
      if (run > 0) nothing.push(ms);
      break;
    }
    if (run === 0) continue;
    untilNothing.push(total);
    processorMs.push(totalProcessorMs);
    operations = granted;
  }
  const extra = { allocations: operations, passes };
  return [
    {
      row: 'quotaAll',
      size,
      contender: 'kaon',
      values: untilNothing,
      processorMs,
      operations,
      extra,
    },
    { row: 'quotaNothing', size, contender: 'kaon', values: nothing, operations: 0 },
  ];
}

function tellQuotaCluster(
  smallRoles: number,
  roles: number,
  agents: number,
  commands: KernelCommands,
): void {
  for (let role = 0; role < roles; role += 1) {
    const path = role < smallRoles ? `small-${role}` : `large-${role}`;
    commands.addRole(role, path);
    commands.addFramework(role, `framework-${role}`, 0);
    commands.subscribe(role, role);
    commands.activateFramework(role);
    const quota = machines(role < smallRoles ? 0.5 : 2);
    commands.setQuota(
      path,
      quota,
      quota.map((kind) => (kind > 0 ? kind : Number.POSITIVE_INFINITY)),
    );
  }
  for (let agent = 0; agent < agents; agent += 1) {
    const total = machines(1);
    const facts = { isActive: true, demands: 0, lacks: 0, total, reserved: new Float64Array(0) };
    commands.addAgent(agent, facts, parcelRows(KINDS, [{ quantities: [...total] }]));
  }
}

/** Quantities of so many agents of 2 cpus, 2 GB and 2 GB of disk. */
function machines(count: number): Float64Array {
  const quantities = new Float64Array(KINDS);
  quantities.set([2_000 * count, 2_048_000 * count, 2_048_000 * count]);
  return quantities;
}
