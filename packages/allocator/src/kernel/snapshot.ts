// A snapshot is the batch of commands that makes an empty kernel equal to this one.
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

function writeRoles({ roles, sorter }: AllocatorKernel, buffer: CommandBuffer): void {
  for (const [path, weight] of sorter.weights()) buffer.setWeight(path, weight);
  for (const [role, { path }] of roles) buffer.addRole(role, path);
}

function writeFrameworks({ frameworks, sorter }: AllocatorKernel, buffer: CommandBuffer): void {
  for (const [framework, clients] of frameworks.clients.entries()) {
    if (clients === undefined) continue;
    buffer.addFramework(
      framework,
      frameworks.names[framework] ?? '',
      frameworks.capabilities[framework]!,
    );
    for (const [role, client] of clients) {
      buffer.addAllocated(
        framework,
        role,
        sorter.allocatedOf(client),
        new Float64Array(sorter.kinds),
      );
      if (frameworks.isSubscribed[client] === 1) buffer.subscribe(framework, role);
      if (frameworks.isSuppressed[client] === 1) buffer.suppress(framework, role);
    }
    if (frameworks.isActive[framework] === 1) buffer.activateFramework(framework);
  }
}

function writeAgents(kernel: AllocatorKernel, buffer: CommandBuffer): void {
  const { agents, frameworks, parcels, refusals } = kernel;
  const { kinds } = kernel.options;
  for (let agent = 0; agent < agents.rows; agent += 1) {
    if (!agents.has(agent)) continue;
    const facts = {
      isActive: agents.isActive[agent] === 1,
      demands: agents.demands[agent]!,
      lacks: agents.lacks[agent]!,
      total: agents.total.subarray(agent * kinds, (agent + 1) * kinds),
      reserved: new Float64Array(0),
    };
    buffer.addAgent(agent, facts, parcels.rows(agents.free[agent]!));
    for (const { client, expiresMs, rows } of refusals.recordsOf(agent)) {
      const framework = frameworks.frameworkOfClient[client]!;
      buffer.refuse(framework, frameworks.roleOfClient[client]!, agent, expiresMs, rows);
    }
  }
}

/** Last, because every allocation replayed above has been counted as one. */
function writeCounts({ frameworks, roles, sorter }: AllocatorKernel, buffer: CommandBuffer): void {
  const counted = new Set<string>();
  for (const { path } of roles.values()) {
    for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) {
      const ancestor = path.slice(0, end);
      if (counted.has(ancestor)) break;
      counted.add(ancestor);
      const node = sorter.findRole(ancestor);
      const leaf = sorter.leafOf(node);
      const leafCount = leaf === -1 ? 0 : sorter.allocationsOf(leaf);
      buffer.restoreRoleCounts(ancestor, sorter.allocationsOf(node), leafCount);
    }
  }
  for (const [framework, clients] of frameworks.clients.entries()) {
    for (const [role, client] of clients ?? []) {
      buffer.restoreClientCount(framework, role, sorter.allocationsOf(client));
    }
  }
}
