// Frameworks, and where their clients are.
import { invariant } from '@kaon/primitives';
import { grownInt32, NONE, rowsFor } from './columns.ts';

/** Columns by framework index. */
export class FrameworkTable {
  readonly names: string[] = [];
  /** Clients of each framework by role index; undefined marks an unused row. */
  readonly clients: (Map<number, number> | undefined)[] = [];
  capabilities = new Int32Array(0);
  isActive = new Int32Array(0);

  has(framework: number): boolean {
    return this.clients[framework] !== undefined;
  }

  add(framework: number, name: string, capabilities: number): void {
    invariant(!this.has(framework), 'an added framework is new');
    const rows = rowsFor(framework, this.capabilities.length);
    this.capabilities = grownInt32(this.capabilities, rows);
    this.isActive = grownInt32(this.isActive, rows);
    this.capabilities[framework] = capabilities;
    this.names[framework] = name;
    this.clients[framework] = new Map();
  }

  remove(framework: number): void {
    this.names[framework] = '';
    this.clients[framework] = undefined;
    this.isActive[framework] = 0;
    this.capabilities[framework] = 0;
  }

  clientsOf(framework: number): Map<number, number> {
    const clients = this.clients[framework];
    invariant(clients !== undefined, 'a named framework is known');
    return clients;
  }

  /** The client of `framework` in `role`, or `NONE`. */
  find(framework: number, role: number): number {
    return this.clientsOf(framework).get(role) ?? NONE;
  }
}
