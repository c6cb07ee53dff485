// The actor in each thread that starts others there and says what runs.
import {
  type ActorDefinition,
  type ActorSystem,
  defineActor,
  defineProtocol,
  isInProcessOnly,
  localAsk,
  type ProcessInfo,
  type Protocol,
  type SpawnOptions,
} from '@kaon/actor';
import { errorText } from '@kaon/primitives';
import type { ThreadProblem } from './errors.ts';

/** What a thread is told to start. */
export interface SpawnRequest {
  /** Name of the export. */
  readonly name: string;
  readonly options: unknown;
  readonly spawnOptions: SpawnOptions;
}

/** How that went. */
export type SpawnAnswer =
  | {
      readonly kind: 'spawned';
      readonly id: string;
      /** Names in its protocol, by kind: functions stay where they are. */
      readonly specs: readonly SpecName[];
    }
  | {
      readonly kind: 'failed';
      readonly problem: ThreadProblem & ('export' | 'spawn');
      readonly text: string;
    };

/** What another thread needs to know of a message or ask. */
export interface SpecName {
  readonly name: string;
  readonly kind: 'message' | 'ask';
  readonly isInProcessOnly: boolean;
}

/** A part of all processes: `limit` of them after the first `offset`. */
export interface ProcessesPage {
  readonly offset: number;
  readonly limit: number;
}

/** What the pool asks of each of its threads. */
export const threadHostProtocol = defineProtocol({
  spawn: localAsk<SpawnRequest, SpawnAnswer>(),
  processes: localAsk<ProcessesPage, readonly ProcessInfo[]>(),
  countProcesses: localAsk<undefined, number>(),
});

/** Id of the host, behind the place of its thread. */
export const THREAD_HOST_ID = 'thread';

/** What a host works with. */
export interface ThreadHostOptions {
  readonly system: ActorSystem;
  /** What the thread's module exports. */
  readonly exports: Readonly<Record<string, unknown>>;
  /** One of the actors it has started has ended. */
  readonly onActorEnded: () => void;
}

/** Starts actors by the name of their export. */
export const threadHost = defineActor(threadHostProtocol, (ctx, options: ThreadHostOptions) => {
  const { system, exports, onActorEnded } = options;

  return {
    receive: {
      spawn: ({ name, options: actorOptions, spawnOptions }) => {
        const definition = Object.hasOwn(exports, name) ? exports[name] : undefined;
        if (!isDefinition(definition)) {
          const text = `the module exports no actor '${name.slice(0, 80)}'`;
          return { kind: 'failed', problem: 'export', text };
        }
        try {
          const pid = system.spawn(definition, actorOptions, spawnOptions);
          ctx.link(pid);
          return { kind: 'spawned', id: pid.id, specs: specsOf(definition.protocol) };
        } catch (error) {
          return { kind: 'failed', problem: 'spawn', text: errorText(error) };
        }
      },
      processes: (page) => system.processes(page),
      countProcesses: () => system.actorCount,
    },
    exited: () => onActorEnded(),
  };
});

function specsOf(protocol: Protocol): readonly SpecName[] {
  return Object.entries(protocol).map(([name, spec]) => ({
    name,
    kind: spec.kind,
    isInProcessOnly: isInProcessOnly(spec),
  }));
}

function isDefinition(value: unknown): value is ActorDefinition<Protocol, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const { protocol, setup } = value as { readonly protocol?: unknown; readonly setup?: unknown };
  return typeof protocol === 'object' && protocol !== null && typeof setup === 'function';
}
