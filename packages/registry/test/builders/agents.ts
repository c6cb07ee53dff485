// Records for tests.
import { AgentInfo, createMessage, MasterInfo, type TimeInfo } from '@kaon/protocol';

export function agentInfo(id: string, hostname = 'node.example'): AgentInfo {
  return createMessage(AgentInfo, { hostname, id: { value: id } });
}

export function masterInfo(id = 'm1'): MasterInfo {
  return createMessage(MasterInfo, { id, ip: 0x0100007f, port: 5050 });
}

export function at(ms: number): TimeInfo {
  return { nanoseconds: ms * 1e6 };
}
