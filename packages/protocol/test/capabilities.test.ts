// What frameworks and agents say they can do.
import {
  AGENT_CAPABILITIES,
  agentHasCapability,
  createMessage,
  FrameworkInfo,
  hasCapability,
} from '@kaon/protocol';
import t from 'tap';

t.test('capabilities are found by name, unknown ones do no harm', async (t) => {
  const framework = createMessage(FrameworkInfo, {
    user: 'u',
    name: 'n',
    capabilities: [{}, { type: 'PARTITION_AWARE' }],
  });
  t.ok(hasCapability(framework, 'PARTITION_AWARE'));
  t.notOk(hasCapability(framework, 'MULTI_ROLE'));
});

t.test('agents of this version have every capability there is', async (t) => {
  t.ok(agentHasCapability(AGENT_CAPABILITIES, 'TASK_RESOURCE_LIMITS'));
  t.equal(AGENT_CAPABILITIES.length, 8);
  t.notOk(agentHasCapability([], 'MULTI_ROLE'));
});
