// Everything a master serves over HTTP.
import type { ActorSystem } from '@kaon/actor';
import type { HttpServer } from '@kaon/http';
import type { Random } from '@kaon/primitives';
import type { MasterPid } from '../protocol.ts';
import { mountAllocatorEndpoints } from './allocator-endpoints.ts';
import type { AllocatorReads } from './allocator-reads.ts';
import { operatorCalls } from './operator-calls.ts';
import { mountEndpoints } from './operator-endpoints.ts';
import { mountResourceEndpoints } from './resource-endpoints.ts';
import { schedulerCalls } from './scheduler-calls.ts';
import type { StateAnswerOptions } from './state-answers.ts';

/** What the routes of a master are made of. */
export interface MountOptions {
  readonly system: ActorSystem;
  readonly master: MasterPid;
  readonly flags: ReadonlyMap<string, string>;
  readonly random: Random;
  readonly reads: AllocatorReads;
  readonly state: StateAnswerOptions;
}

/** Adds the master's routes to a server that does not listen yet. */
export function mountMaster(http: HttpServer, options: MountOptions): void {
  const scheduler = schedulerCalls(options);
  const operator = operatorCalls(options);
  for (const prefix of ['', '/master']) {
    http.route('POST', `${prefix}/api/v1/scheduler`, scheduler);
    // Unknown paths below fall back to the operator API; one client library relies on it.
    http.route('POST', `${prefix}/api/v1`, operator, { matchesBelow: true });
  }
  mountEndpoints(http, options);
  mountResourceEndpoints(http, options);
  mountAllocatorEndpoints(http, options.reads);
}
