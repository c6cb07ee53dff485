// A master's state without an actor: agents, frameworks and offers by name, effects as data.
import { Pid } from '@kaon/actor';
import {
  AGENT_CAPABILITIES,
  type FrameworkInfo,
  idRecord,
  type schedulerV1,
  toId,
} from '@kaon/protocol';
import { parseResources, type Resources } from '@kaon/resources';
import type { Effect } from '#master/effects';
import type { Env } from '#master/env';
import { DEFAULT_SETTINGS, type MasterSettings } from '#master/options';
import { agentProtocol } from '#master/protocol';
import type { Agent } from '#master/state/agent';
import type { Framework } from '#master/state/framework';
import { MasterState } from '#master/state/master-state';
import type { OfferRecord } from '#master/state/offer-record';
import { agentInfo, frameworkInfo, uuidOf } from './records.ts';

export const NOW_MS = 1_700_000_000_000;

/** Builds up a state; every method returns the builder. Names become ids. */
export class GivenMaster {
  readonly state: MasterState;
  readonly env: Env;

  constructor(settings: Partial<MasterSettings> = {}) {
    const all = { ...DEFAULT_SETTINGS, ...settings };
    const info = { id: 'm', ip: 0, port: 5050, capabilities: [] };
    this.state = new MasterState(info, all, NOW_MS);
    this.state.elect(NOW_MS);
    this.state.open();
    let uuids = 0;
    const newUuid = (): Uint8Array => {
      uuids += 1;
      return uuidOf(uuids);
    };
    this.env = { nowMs: NOW_MS, settings: all, newUuid };
  }

  agent(name: string, text?: string): this {
    const facts = {
      info: { ...agentInfo(`${name}.example`, text), id: { value: name } },
      pid: new Pid('slave(1)', `${name}:5051`, agentProtocol),
      version: '1.12.0',
      capabilities: AGENT_CAPABILITIES,
      resourceVersionUuid: { value: uuidOf(99) },
    };
    this.state.addAgent(toId(name), facts, NOW_MS);
    return this;
  }

  /** A subscribed framework on the stream `stream-<name>`. */
  framework(name: string, init: Parameters<typeof frameworkInfo>[0] = {}): this {
    const info: FrameworkInfo = { ...frameworkInfo(init), id: idRecord(name) };
    const framework = this.state.addFramework(info);
    this.state.subscribeFramework(framework, `stream-${name}`, NOW_MS);
    return this;
  }

  offer(id: string, framework: string, agent: string, text: string, role = 'web'): this {
    this.state.addOffer({
      id: toId(id),
      frameworkId: toId(framework),
      agentId: toId(agent),
      role,
      resources: parsed(text).allocate(role),
    });
    return this;
  }

  getAgent(name: string): Agent {
    const agent = this.state.agents.get(toId(name));
    if (agent === undefined) throw new Error(`no agent ${name}`);
    return agent;
  }

  getFramework(name: string): Framework {
    const framework = this.state.frameworks.get(toId(name));
    if (framework === undefined) throw new Error(`no framework ${name}`);
    return framework;
  }

  getOffer(id: string): OfferRecord | undefined {
    return this.state.offers.get(toId(id));
  }
}

export function givenMaster(settings?: Partial<MasterSettings>): GivenMaster {
  return new GivenMaster(settings);
}

/** `cpus:2;mem:512` as resources. */
export function parsed(text: string): Resources {
  const result = parseResources(text);
  if (!result.ok) throw new Error(result.error);
  return result.value;
}

/** Events for the stream of a framework, in order. */
export function eventsTo(effects: readonly Effect[], framework: string): schedulerV1.Event[] {
  return effects.flatMap((effect) =>
    effect.kind === 'sendToScheduler' && effect.streamId === `stream-${framework}`
      ? [effect.event]
      : [],
  );
}

/** Messages for an agent, in order. */
export function messagesTo(
  effects: readonly Effect[],
  agent: string,
): { readonly name: string; readonly body: unknown }[] {
  return effects.flatMap((effect) =>
    effect.kind === 'sendToAgent' && effect.agent.address === `${agent}:5051`
      ? [{ name: effect.name, body: effect.body }]
      : [],
  );
}

/** Commands for the allocator, in order. */
export function allocatorCommands(effects: readonly Effect[]) {
  return effects.flatMap((effect) => (effect.kind === 'tellAllocator' ? [effect.command] : []));
}

/** What goes back to the allocator, as text. */
export function recovered(effects: readonly Effect[]): string[] {
  return allocatorCommands(effects).flatMap((command) =>
    command.kind === 'recoverResources' ? [String(command.resources)] : [],
  );
}

export function kinds(effects: readonly Effect[]): string[] {
  return effects.map(({ kind }) => kind).filter((kind) => kind !== 'log' && kind !== 'count');
}
