// What a container uses, summed over its parts.
import type { ContainerUsage } from '@kaon/containerizer';
import type { ContainerView } from '../views/containers.ts';
import type { EndpointContext } from './context.ts';

/** Undefined when nothing of it runs. */
export async function containerUsage(
  { containerizer }: EndpointContext,
  { parts }: ContainerView,
): Promise<ContainerUsage | undefined> {
  const usages = await Promise.all(parts.map((id) => containerizer.usage(id)));
  const known = usages.filter((usage) => usage !== undefined);
  if (known.length === 0) return undefined;
  const sum = (of: (usage: ContainerUsage) => number): number =>
    known.reduce((total, usage) => total + of(usage), 0);
  return {
    cpuSeconds: sum((usage) => usage.cpuSeconds),
    residentBytes: sum((usage) => usage.residentBytes),
    processes: sum((usage) => usage.processes),
  };
}
