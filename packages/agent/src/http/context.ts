// What the handlers of the agent's endpoints share.

import { type ActorSystem, answerInTime, type Pid } from '@kaon/actor';
import type { Containerizer } from '@kaon/containerizer';
import { type HttpAnswer, type HttpRequest, jsonAnswer } from '@kaon/http';
import { type JsonValue, jsonText } from '@kaon/protocol';
import type { DurableWriter } from '../checkpoint/durable-writer.ts';
import type { ExecutorTokens } from '../executors/executor-tokens.ts';
import type { HostLoad } from '../host-facts.ts';
import type { AgentProtocol } from '../protocol.ts';
import type { AgentState } from '../state/agent-state.ts';
import type { SandboxReader } from './sandbox-reader.ts';

/** Where endpoints are served and what they read. */
export interface EndpointContext {
  /** The id of the agent's actor: the first part of its paths. */
  readonly id: string;
  /** Whether the paths are served without the id as well. */
  readonly atRoot: boolean;
  readonly system: ActorSystem;
  readonly pid: Pid<AgentProtocol>;
  readonly containerizer: Containerizer;
  readonly writer: DurableWriter;
  readonly sandboxes: SandboxReader;
  /** Checks who calls on the executor API; undefined when anybody may. */
  readonly tokens: ExecutorTokens | undefined;
  readonly flags: Readonly<Record<string, string>>;
  readonly probeLoad: () => HostLoad;
}

/** Answers one request. A rejection becomes 500. */
export type Endpoint = (request: HttpRequest, context: EndpointContext) => Promise<HttpAnswer>;

/** Reads the state in a turn of the agent: `read` must finish at once and keep nothing of it. */
export async function look<T>(
  { system, pid }: EndpointContext,
  read: (state: AgentState) => T,
): Promise<T> {
  return (await system.ask(pid, 'look', { read })) as T;
}

/** The same for who cannot wait any longer than that; undefined when it took longer. */
export async function lookInTime<T>(
  { system, pid }: EndpointContext,
  read: (state: AgentState) => T,
  timeoutMs: number,
): Promise<T | undefined> {
  return (await answerInTime(system.ask(pid, 'look', { read }, { timeoutMs }))) as T | undefined;
}

/** JSON, or with `?jsonp=f` a script that calls `f` with it, as Mesos' web pages ask. */
export function jsonpAnswer(request: HttpRequest, value: JsonValue): HttpAnswer {
  const text = jsonText(value);
  const callback = request.query.get('jsonp');
  if (callback === null || !/^[\w$.]{1,128}$/.test(callback)) return jsonAnswer(200, text);
  return {
    status: 200,
    headers: { 'Content-Type': 'text/javascript' },
    body: `${callback}(${text})`,
  };
}
