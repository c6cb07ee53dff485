// Whether an agent that was restarted is still the agent it was.
import type { AgentInfo, Attribute } from '@kaon/protocol';
import { formatAttributeValue, formatResources, Resources } from '@kaon/resources';

/**
 * What differs between the recorded and the present description, a phrase each; empty when nothing does.
 *
 * Everything must be the same: masters and frameworks made decisions by it.
 */
export function agentInfoDifferences(recorded: AgentInfo, present: AgentInfo): readonly string[] {
  const differences: string[] = [];
  const compare = (what: string, was: string, is: string): void => {
    if (was !== is) differences.push(`${what} was ${was || 'nothing'} and is ${is || 'nothing'}`);
  };
  compare('hostname', recorded.hostname, present.hostname);
  compare('port', `${recorded.port ?? ''}`, `${present.port ?? ''}`);
  if (!Resources.of(recorded.resources).equals(Resources.of(present.resources))) {
    compare('resources', formatResources(recorded.resources), formatResources(present.resources));
  }
  compare(
    'attributes',
    formatAttributes(recorded.attributes),
    formatAttributes(present.attributes),
  );
  compare('domain', JSON.stringify(recorded.domain) ?? '', JSON.stringify(present.domain) ?? '');
  return differences;
}

function formatAttributes(attributes: readonly Attribute[]): string {
  return attributes
    .map((attribute) => `${attribute.name}:${formatAttributeValue(attribute)}`)
    .sort()
    .join(';');
}
