// Cutting what a task wants out of what offers hold. Scalars only, in thousandths, as Mesos counts.
import type { Resource } from '@kaon/protocol';

/** An amount of one scalar resource, in thousandths. */
export interface Want {
  readonly name: string;
  readonly milli: number;
}

interface Lot {
  readonly resource: Resource;
  milli: number;
}

/** What is left of some offers of one agent and role. */
export class OfferedResources {
  /** Reserved lots first, so that they are used before what others could have. */
  readonly #lots: readonly Lot[];

  constructor(resources: readonly Resource[]) {
    const lots = resources.filter(isPlainScalar).map((resource) => ({
      resource,
      milli: Math.round((resource.scalar?.value ?? 0) * 1000),
    }));
    this.#lots = lots.sort((left, right) => reservedFirst(left) - reservedFirst(right));
  }

  /** Thousandths of `name` left. */
  left(name: string): number {
    return this.#lots.reduce((sum, lot) => (lot.resource.name === name ? sum + lot.milli : sum), 0);
  }

  /** Takes all of `wants` and returns it as resources, or takes nothing and returns undefined. */
  take(wants: readonly Want[]): readonly Resource[] | undefined {
    if (wants.some(({ name, milli }) => this.left(name) < milli)) return undefined;
    const taken: Resource[] = [];
    for (const { name, milli } of wants) {
      let missing = milli;
      for (const lot of this.#lots) {
        if (missing === 0) break;
        if (lot.resource.name !== name || lot.milli === 0) continue;
        const part = Math.min(missing, lot.milli);
        lot.milli -= part;
        missing -= part;
        taken.push({ ...lot.resource, scalar: { value: part / 1000 } });
      }
    }
    return taken;
  }
}

/** Volumes, revocable and shared resources are not for tasks that asked for none. */
function isPlainScalar(resource: Resource): boolean {
  return (
    resource.type === 'SCALAR' &&
    resource.disk === undefined &&
    resource.revocable === undefined &&
    resource.shared === undefined
  );
}

function reservedFirst({ resource }: Lot): number {
  const isReserved =
    resource.reservations.length > 0 || (resource.role !== undefined && resource.role !== '*');
  return isReserved ? 0 : 1;
}
