// Making messages without writing every empty list.
import {
  createMessage,
  encodeProto,
  FrameworkInfo,
  Offer_Operation,
  TaskInfo,
} from '@kaon/protocol';
import t from 'tap';

t.test('lists and maps that were left out are empty, at every depth', async (t) => {
  const operation = createMessage(Offer_Operation, {
    type: 'LAUNCH',
    launch: { taskInfos: [{ name: 't', taskId: { value: 't' }, agentId: { value: 'a' } }] },
  });
  t.same(operation.launch?.taskInfos[0]?.resources, []);
  t.same(operation.launch?.taskInfos[0]?.limits, {});
  t.doesNotThrow(() => encodeProto(Offer_Operation, operation));
});

t.test('absent optional fields stay away, given ones are kept', async (t) => {
  const framework = createMessage(FrameworkInfo, { user: 'u', name: 'n', roles: ['a'] });
  t.same(Object.keys(framework).sort(), ['capabilities', 'name', 'offerFilters', 'roles', 'user']);
  t.same(framework.roles, ['a']);
});

t.test('the types know which fields may be left out', async (t) => {
  // @ts-expect-error the id of a task is required
  createMessage(TaskInfo, { name: 't', agentId: { value: 'a' } });
  // @ts-expect-error there is no such state
  createMessage(Offer_Operation, { type: 'NO_SUCH_OPERATION' });
  t.pass('checked by the compiler');
});
