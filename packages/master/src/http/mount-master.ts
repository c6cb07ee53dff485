// Everything a master serves over HTTP.
import type { ActorSystem } from '@kaon/actor';
import type { HttpServer } from '@kaon/http';
import type { Random } from '@kaon/primitives';
import { LEGACY_AGENTS_ENDPOINTS } from '@kaon/protocol';
import type { HostLoad } from '../host-load.ts';
import type { MasterPid } from '../protocol.ts';
import { mountAllocatorEndpoints } from './allocator-endpoints.ts';
import type { AllocatorReads } from './allocator-reads.ts';
import type { MasterLog } from './calls/call-handler.ts';
import { addMasterHelp } from './help-pages.ts';
import { type LeadershipPort, leaderRoutes, recoveredRoutes } from './leadership.ts';
import { mountLogEndpoints } from './log-endpoints.ts';
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
  readonly leadership: LeadershipPort;
  readonly log: MasterLog;
  readonly probeLoad: () => HostLoad;
}

/** Adds the master's routes to a server that does not listen yet. */
export function mountMaster(http: HttpServer, options: MountOptions): void {
  const scheduler = schedulerCalls(options);
  const operator = operatorCalls(options);
  const routes = recoveredRoutes(http, options.leadership);
  for (const prefix of ['', '/master']) {
    routes.route('POST', `${prefix}/api/v1/scheduler`, scheduler);
    // Unknown paths below fall back to the operator API; one client library relies on it.
    routes.route('POST', `${prefix}/api/v1`, operator, { matchesBelow: true });
  }
  mountEndpoints(http, options);
  mountLogEndpoints(http, options.log);
  mountResourceEndpoints(leaderRoutes(http, options.leadership), options);
  mountAllocatorEndpoints(leaderRoutes(http, options.leadership), options.reads);
  addMasterHelp(http, LEGACY_AGENTS_ENDPOINTS[0] as string);
}
