// A framework is gone: everything it runs here ends, and nobody is told any more.
import type { internal } from '@kaon/protocol';
import { type Effect, log } from '../effects.ts';
import type { AgentState } from '../state/agent-state.ts';
import type { Framework } from '../state/framework.ts';
import type { Env } from './env.ts';
import { endExecutor } from './shutdown-executor.ts';
import { dropStreams, tidyExecutor, tidyFramework } from './tidy.ts';

/** The master removed a framework. */
export function shutdownFramework(
  state: AgentState,
  { frameworkId }: internal.ShutdownFrameworkMessage,
  env: Env,
): Effect[] {
  const framework = state.frameworks.get(frameworkId.value);
  if (!framework || framework.phase === 'terminating') return [];
  return [
    log('info', 'framework shut down', { frameworkId: framework.id }),
    ...endFramework(state, framework, env),
  ];
}

/** Ends all executors of a framework and forgets its updates. */
export function endFramework(state: AgentState, framework: Framework, env: Env): Effect[] {
  framework.phase = 'terminating';
  const effects = dropStreams(state, framework.id);
  for (const executor of [...framework.executors.values()]) {
    effects.push(...endExecutor(state, framework, executor, env));
  }
  // Those that had ended before and only waited for acknowledgements.
  for (const executor of [...framework.executors.values()]) {
    effects.push(...tidyExecutor(state, executor));
  }
  tidyFramework(state, framework.id);
  return effects;
}
