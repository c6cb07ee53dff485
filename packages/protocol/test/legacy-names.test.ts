// The words of the older endpoints.
import { legacyReason, legacySource, TaskStatus_Reason, TaskStatus_Source } from '@kaon/protocol';
import t from 'tap';

t.test('reasons and sources of agents get their older names, others stay', async (t) => {
  t.equal(legacyReason('REASON_AGENT_REMOVED_BY_OPERATOR'), 'REASON_SLAVE_REMOVED_BY_OPERATOR');
  t.equal(legacyReason('REASON_EXECUTOR_TERMINATED'), 'REASON_EXECUTOR_TERMINATED');
  t.equal(legacySource('SOURCE_AGENT'), 'SOURCE_SLAVE');
  t.equal(legacySource('SOURCE_MASTER'), 'SOURCE_MASTER');
  const names = [
    ...TaskStatus_Reason.names.map(legacyReason),
    ...TaskStatus_Source.names.map(legacySource),
  ];
  t.notOk(names.some((name) => name.includes('_AGENT')));
});
