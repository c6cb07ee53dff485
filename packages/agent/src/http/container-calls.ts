// Calls about nested and standalone containers, images and resource providers. This agent serves none of
// them: what is wrong with a call is said as Mesos says it, and a good one is refused with the reason.
import { type HttpAnswer, textAnswer } from '@kaon/http';
import { err, type Result } from '@kaon/primitives';
import { type agentV1, type ContainerID, containerIdOf, validateId } from '@kaon/protocol';
import { type EndpointContext, look } from './context.ts';

/** Refuses or answers one call; never a response of its own. */
export type RefusingHandler = (
  call: agentV1.Call,
  context: EndpointContext,
) => Promise<Result<never, HttpAnswer>>;

type Body = { readonly containerId?: ContainerID | undefined } | undefined;

/** What a call does about its container. */
type Kind = 'launch' | 'launchNested' | 'wait' | 'kill' | 'remove' | 'attach';

/** The handlers by the type of the call. */
export const CONTAINER_CALLS: Partial<Record<agentV1.Call_Type, RefusingHandler>> = {
  LAUNCH_CONTAINER: about('launch_container', 'launch', (call) => call.launchContainer),
  LAUNCH_NESTED_CONTAINER: about(
    'launch_nested_container',
    'launchNested',
    (call) => call.launchNestedContainer,
  ),
  LAUNCH_NESTED_CONTAINER_SESSION: about(
    'launch_nested_container_session',
    'launchNested',
    (call) => call.launchNestedContainerSession,
  ),
  WAIT_CONTAINER: about('wait_container', 'wait', (call) => call.waitContainer),
  WAIT_NESTED_CONTAINER: about('wait_nested_container', 'wait', (call) => call.waitNestedContainer),
  KILL_CONTAINER: about('kill_container', 'kill', (call) => call.killContainer),
  KILL_NESTED_CONTAINER: about('kill_nested_container', 'kill', (call) => call.killNestedContainer),
  REMOVE_CONTAINER: about('remove_container', 'remove', (call) => call.removeContainer),
  REMOVE_NESTED_CONTAINER: about(
    'remove_nested_container',
    'remove',
    (call) => call.removeNestedContainer,
  ),
  ATTACH_CONTAINER_INPUT: about(
    'attach_container_input',
    'attach',
    (call) => call.attachContainerInput,
  ),
  ATTACH_CONTAINER_OUTPUT: about(
    'attach_container_output',
    'attach',
    (call) => call.attachContainerOutput,
  ),
  // There are no images: all that could go is gone.
  PRUNE_IMAGES: async () => err({ status: 200 }),
  ADD_RESOURCE_PROVIDER_CONFIG: async ({ addResourceProviderConfig }) =>
    providerConfig('add_resource_provider_config', addResourceProviderConfig?.info),
  UPDATE_RESOURCE_PROVIDER_CONFIG: async ({ updateResourceProviderConfig }) =>
    providerConfig('update_resource_provider_config', updateResourceProviderConfig?.info),
  REMOVE_RESOURCE_PROVIDER_CONFIG: async ({ removeResourceProviderConfig }) =>
    removeResourceProviderConfig === undefined
      ? missing('remove_resource_provider_config')
      : err(NO_PROVIDERS),
  // A provider that nobody knows is gone, as Mesos has it.
  MARK_RESOURCE_PROVIDER_GONE: async ({ markResourceProviderGone }) =>
    markResourceProviderGone === undefined
      ? missing('mark_resource_provider_gone')
      : err({ status: 200 }),
};

const NO_PROVIDERS = textAnswer(400, 'Resource providers are not supported by this agent');
const NO_CONTAINERS = textAnswer(
  400,
  'Nested and standalone containers are not supported by this agent',
);

function about(field: string, kind: Kind, bodyOf: (call: agentV1.Call) => Body): RefusingHandler {
  return async (call, context) => {
    const body = bodyOf(call);
    if (body === undefined) return missing(field);
    const { containerId } = body;
    if (containerId === undefined) return missing(`${field}.container_id`);
    const problem = containerIdProblem(containerId);
    if (problem !== undefined) return invalid(`'${field}.container_id' is invalid: ${problem}`);
    const { parent } = containerId;
    if (field.includes('nested') && parent === undefined) {
      return missing(`${field}.container_id.parent`);
    }
    if (kind === 'launch' && parent === undefined) return err(NO_CONTAINERS);
    const wanted = kind === 'launch' || kind === 'launchNested' ? parent : containerId;
    const path = wanted === undefined ? '' : containerIdOf(wanted);
    const isKnown = await look(context, (state) =>
      [...state.allExecutors()].some(({ isLive, containerId }) => isLive && containerId === path),
    );
    return err(isKnown ? NO_CONTAINERS : unknownAnswer(kind, path));
  };
}

function unknownAnswer(kind: Kind, path: string): HttpAnswer {
  switch (kind) {
    case 'launch':
    case 'launchNested':
      return textAnswer(400, `Parent container ${path} does not exist`);
    case 'kill':
      return textAnswer(404, `Container '${path}' cannot be found (or is already killed)`);
    default:
      return textAnswer(404, `Container ${path} cannot be found`);
  }
}

/** Deeper nesting than this is refused; Mesos bounds the path of a container to some 242 characters. */
const NESTING_MAX = 32;

function containerIdProblem(id: ContainerID): string | undefined {
  let depth = 0;
  for (let one: ContainerID | undefined = id; one !== undefined; one = one.parent) {
    depth += 1;
    if (depth > NESTING_MAX) return `it is nested more than ${NESTING_MAX} levels deep`;
    const valid = validateId(one.value);
    if (!valid.ok) return valid.error;
  }
  return undefined;
}

function providerConfig(
  field: string,
  info: { readonly type: string; readonly name: string; readonly storage?: unknown } | undefined,
): Result<never, HttpAnswer> {
  if (info === undefined) return missing(field);
  if (info.storage !== undefined) return err(NO_PROVIDERS);
  const provider = `with type '${info.type}' and name '${info.name}'`;
  const problem = "'ResourceProviderInfo.storage' must be set";
  return err(
    textAnswer(400, `Failed to validate resource provider config ${provider}: ${problem}`),
  );
}

function missing(field: string): Result<never, HttpAnswer> {
  return invalid(`Expecting '${field}' to be present`);
}

function invalid(problem: string): Result<never, HttpAnswer> {
  return err(textAnswer(400, `Failed to validate agent::Call: ${problem}`));
}
