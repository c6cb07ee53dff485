// A snapshot is the batch of commands that makes an empty kernel equal to this one.
import { NONE } from './columns.ts';
import { type CommandBatch, CommandBuffer } from './command-buffer.ts';
import type { AllocatorKernel } from './kernel.ts';

/** Commands that rebuild `kernel`. Expired refusals may be among them. */
export function snapshotOf(kernel: AllocatorKernel): CommandBatch {
  const buffer = new CommandBuffer();
  writeRoles(kernel, buffer);
  writeFrameworks(kernel, buffer);
  writeAgents(kernel, buffer);
  writeCounts(kernel, buffer);
  return buffer.take();
}

function writeRoles({ quotas, roles, sorter }: AllocatorKernel, buffer: CommandBuffer): void {
  for (const [path, weight] of sorter.weights()) buffer.setWeight(path, weight);
  for (const [role, { path }] of roles) buffer.addRole(role, path);
  for (const [slot, path] of quotas.paths.entries()) {
    const from = slot * sorter.kinds;
    const to = from + sorter.kinds;
    buffer.setQuota(path, quotas.guarantees.subarray(from, to), quotas.limits.subarray(from, to));
  }
}

function writeFrameworks(kernel: AllocatorKernel, buffer: CommandBuffer): void {
  const { clients, exclusions, frameworks, sorter } = kernel;
  const { kinds } = sorter;
  for (const [list, agents] of exclusions.entries()) {
    buffer.setExclusions(list, Float64Array.from(agents));
  }
  for (const [framework, byRole] of frameworks.clients.entries()) {
    if (byRole === undefined) continue;
    buffer.addFramework(
      framework,
      frameworks.names[framework] ?? '',
      frameworks.capabilities[framework]!,
    );
    for (const [role, client] of byRole) {
      const held = sorter.allocatedOf(clients.node[client]!);
      const unreserved = clients.unreserved.subarray(client * kinds, (client + 1) * kinds);
      buffer.addAllocated(framework, role, held, unreserved);
      if (clients.isSubscribed[client] === 1) buffer.subscribe(framework, role);
      if (clients.isSuppressed[client] === 1) buffer.suppress(framework, role);
      const minimums = clients.minimums.get(client);
      if (minimums !== undefined) buffer.setMinimums(framework, role, minimums.flat);
      const list = clients.exclusionList[client]!;
      if (list !== NONE) buffer.setExclusionList(framework, role, list);
    }
    if (frameworks.isActive[framework] === 1) buffer.activateFramework(framework);
  }
  const pairs = new Float64Array(clients.used * 2);
  for (let client = 0; client < clients.used; client += 1) {
    pairs[client * 2] = clients.framework[client]!;
    pairs[client * 2 + 1] = clients.role[client]!;
  }
  if (pairs.length > 0) buffer.restoreClients(pairs);
}

function writeAgents({ agents, options, refusals }: AllocatorKernel, buffer: CommandBuffer): void {
  const { kinds } = options;
  const none = new Float64Array(0);
  for (let agent = 0; agent < agents.rows; agent += 1) {
    if (!agents.has(agent)) continue;
    const facts = {
      isActive: agents.isActive[agent] === 1,
      demands: agents.demands(agent),
      lacks: agents.lacks(agent),
      total: agents.total.subarray(agent * kinds, (agent + 1) * kinds),
      reserved: agents.reserved.get(agent) ?? none,
    };
    buffer.addAgent(agent, facts, agents.freeRows(agent));
    for (const { clients, expiresMs, rows } of refusals.recordsOf(agent)) {
      buffer.restoreRefusals(agent, expiresMs, rows, clients);
    }
  }
}

/** Last, because every allocation replayed above has been counted as one. */
function writeCounts(kernel: AllocatorKernel, buffer: CommandBuffer): void {
  const { clients, frameworks, quotas, roles, sorter } = kernel;
  const counted = new Set<string>();
  const paths = [...[...roles.values()].map(({ path }) => path), ...quotas.paths];
  for (const path of paths) {
    for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) {
      const ancestor = path.slice(0, end);
      if (counted.has(ancestor)) break;
      counted.add(ancestor);
      const node = sorter.findRole(ancestor);
      const leaf = sorter.leafOf(node);
      const leafCount = leaf === NONE ? 0 : sorter.allocationsOf(leaf);
      buffer.restoreRoleCounts(ancestor, sorter.allocationsOf(node), leafCount);
    }
  }
  for (const [framework, byRole] of frameworks.clients.entries()) {
    for (const [role, client] of byRole ?? []) {
      buffer.restoreClientCount(framework, role, sorter.allocationsOf(clients.node[client]!));
    }
  }
}
