// Frameworks and their clients. A client is one framework in one role: what the sorter orders.
import { invariant } from '@kaon/primitives';
import { grownInt32, NONE, rowsFor } from './columns.ts';

/** Columns by framework index, and by client, whose index is its node in the sorter. */
export class FrameworkTable {
  readonly names: string[] = [];
  /** Clients of each framework by role index; undefined marks an unused row. */
  readonly clients: (Map<number, number> | undefined)[] = [];
  capabilities = new Int32Array(0);
  isActive = new Int32Array(0);
  frameworkOfClient = new Int32Array(0);
  roleOfClient = new Int32Array(0);
  /** Whether the framework takes part in the role; otherwise it only holds something there. */
  isSubscribed = new Int32Array(0);
  isSuppressed = new Int32Array(0);

  has(framework: number): boolean {
    return this.clients[framework] !== undefined;
  }

  add(framework: number, name: string): void {
    invariant(!this.has(framework), 'an added framework is new');
    const rows = rowsFor(framework, this.capabilities.length);
    this.capabilities = grownInt32(this.capabilities, rows);
    this.isActive = grownInt32(this.isActive, rows);
    this.names[framework] = name;
    this.clients[framework] = new Map();
  }

  remove(framework: number): void {
    this.names[framework] = '';
    this.clients[framework] = undefined;
    this.isActive[framework] = 0;
    this.capabilities[framework] = 0;
  }

  addClient(framework: number, role: number, client: number): void {
    const rows = rowsFor(client, this.isSubscribed.length);
    this.frameworkOfClient = grownInt32(this.frameworkOfClient, rows, NONE);
    this.roleOfClient = grownInt32(this.roleOfClient, rows, NONE);
    this.isSubscribed = grownInt32(this.isSubscribed, rows);
    this.isSuppressed = grownInt32(this.isSuppressed, rows);
    this.frameworkOfClient[client] = framework;
    this.roleOfClient[client] = role;
    this.isSubscribed[client] = 0;
    this.isSuppressed[client] = 0;
    this.clientsOf(framework).set(role, client);
  }

  removeClient(client: number): void {
    this.clientsOf(this.frameworkOfClient[client]!).delete(this.roleOfClient[client]!);
    this.frameworkOfClient[client] = NONE;
    this.roleOfClient[client] = NONE;
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

  /** Whether the client takes part in allocation now. */
  competes(client: number): boolean {
    return (
      this.isSubscribed[client] === 1 &&
      this.isSuppressed[client] === 0 &&
      this.isActive[this.frameworkOfClient[client]!] === 1
    );
  }
}
