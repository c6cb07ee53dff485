// Public surface of `@kaon/agent`.
export * from './errors.ts';
export { agentResources, type HostFacts, type HostLoad } from './host-facts.ts';
export { diskSandboxReader, type SandboxReader } from './http/sandbox-reader.ts';
export { probeHost, probeLoad } from './node/host-probe.ts';
export { systemSandboxReader } from './node/system-sandbox-reader.ts';
export type { AgentOptions, CloseOptions } from './options.ts';
export { type AgentProtocol, agentProtocol, type ExecutorVerdict } from './protocol.ts';
export { type RunningAgent, startAgent } from './start-agent.ts';
export type { AgentPhase, AgentState, StopReason } from './state/agent-state.ts';
