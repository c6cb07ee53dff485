// Rows about the APIs with streams: of schedulers, executors and resource providers.
import { equal, equalUpTo, TEST_FILES as F, missing, type Row, replay, rows, test } from './row.ts';

/** In the order of `names.ts`. */
export const STREAM_ROWS: readonly Row[] = [
  ...rows('scheduler calls', {
    SUBSCRIBE: equal(
      test(F.life, 'a framework lives over bare sockets'),
      test(F.errors, 'the scheduler API answers bad requests as Mesos does'),
    ),
    TEARDOWN: equal(
      test(F.life, 'a second stream takes the framework over'),
      test(F.encodings, 'calls of schedulers mean the same in each encoding'),
    ),
    ACCEPT: equal(
      test(F.lives, 'lives of frameworks are as recorded'),
      test(F.life, 'a task runs to its end'),
      test(F.life, 'an offer that is gone drops what was launched on it'),
      test(F.encodings, 'calls of schedulers mean the same in each encoding'),
    ),
    DECLINE: equal(
      test(F.life, 'suppress ends the offers, revive brings them back'),
      test(F.encodings, 'calls of schedulers mean the same in each encoding'),
    ),
    ACCEPT_INVERSE_OFFERS: equal(
      test(F.lives, 'lives of frameworks are as recorded'),
      test(F.encodings, 'calls of schedulers mean the same in each encoding'),
    ),
    DECLINE_INVERSE_OFFERS: equal(
      test(F.lives, 'lives of frameworks are as recorded'),
      test(F.encodings, 'calls of schedulers mean the same in each encoding'),
    ),
    REVIVE: equal(
      test(F.life, 'suppress ends the offers, revive brings them back'),
      test(F.encodings, 'calls of schedulers mean the same in each encoding'),
    ),
    KILL: equal(
      test(F.life, 'a kill ends a task'),
      test(F.encodings, 'calls of schedulers mean the same in each encoding'),
    ),
    SHUTDOWN: equal(
      test(F.encodings, 'calls of schedulers mean the same in each encoding'),
      test(F.executors, 'an executor of its own runs tasks, hears messages and is shut down'),
    ),
    ACKNOWLEDGE: equal(
      test(F.life, 'a task runs to its end'),
      test(F.encodings, 'calls of schedulers mean the same in each encoding'),
    ),
    ACKNOWLEDGE_OPERATION_STATUS: equal(
      test(F.lives, 'lives of frameworks are as recorded'),
      test(F.encodings, 'calls of schedulers mean the same in each encoding'),
    ),
    RECONCILE: equal(
      test(F.life, 'reconciliation answers for known and unknown tasks'),
      test(F.encodings, 'calls of schedulers mean the same in each encoding'),
    ),
    RECONCILE_OPERATIONS: equal(
      test(F.lives, 'lives of frameworks are as recorded'),
      test(F.encodings, 'calls of schedulers mean the same in each encoding'),
    ),
    MESSAGE: equal(
      test(F.encodings, 'calls of schedulers mean the same in each encoding'),
      test(F.executors, 'an executor of its own runs tasks, hears messages and is shut down'),
    ),
    REQUEST: equal(
      test(F.lives, 'lives of frameworks are as recorded'),
      test(F.encodings, 'calls of schedulers mean the same in each encoding'),
    ),
    SUPPRESS: equal(
      test(F.life, 'suppress ends the offers, revive brings them back'),
      test(F.encodings, 'calls of schedulers mean the same in each encoding'),
    ),
    UPDATE_FRAMEWORK: equal(
      test(F.lives, 'lives of frameworks are as recorded'),
      test(F.encodings, 'calls of schedulers mean the same in each encoding'),
    ),
  }),
  ...rows('scheduler events', {
    SUBSCRIBED: equal(test(F.life, 'a framework lives over bare sockets')),
    OFFERS: equal(
      test(F.lives, 'lives of frameworks are as recorded'),
      test(F.life, 'a task runs to its end'),
      test(F.encodings, 'a stream of records may be cut at any byte'),
    ),
    INVERSE_OFFERS: equal(test(F.lives, 'lives of frameworks are as recorded')),
    RESCIND: equal(
      test(F.lives, 'lives of frameworks are as recorded'),
      test(F.masterAgents, 'a broken link withdraws offers and makes the pings say so'),
    ),
    RESCIND_INVERSE_OFFER: equal(test(F.lives, 'lives of frameworks are as recorded')),
    UPDATE: equal(
      test(F.lives, 'lives of frameworks are as recorded'),
      test(F.life, 'a task runs to its end'),
    ),
    UPDATE_OPERATION_STATUS: equal(
      test(F.lives, 'lives of frameworks are as recorded'),
      test(F.taskLife, 'an accept of an offer that is gone drops its tasks and returns the rest'),
    ),
    MESSAGE: equal(
      test(F.executors, 'an executor of its own runs tasks, hears messages and is shut down'),
    ),
    FAILURE: equal(
      test(F.lives, 'lives of frameworks are as recorded'),
      test(F.writes, 'what operators changed is answered again'),
      test(F.masterAgents, 'an agent that answers its pings stays; a silent one is unreachable'),
    ),
    ERROR: equal(test(F.life, 'a second stream takes the framework over')),
    HEARTBEAT: equal(test(F.life, 'a framework lives over bare sockets')),
  }),
  ...rows('executor calls', {
    SUBSCRIBE: equal(
      test(F.executors, 'an executor of its own runs tasks, hears messages and is shut down'),
      test(F.encodings, 'calls of executors mean the same in each encoding'),
      replay(
        'errors/executor/content-type-charset',
        'errors/executor/content-type-recordio',
        'errors/executor/content-type-text',
        'errors/executor/no-content-type',
      ),
    ),
    UPDATE: equal(
      test(F.executors, 'an executor of its own runs tasks, hears messages and is shut down'),
      test(F.encodings, 'calls of executors mean the same in each encoding'),
      replay(
        'errors/executor/update-no-body',
        'errors/executor/update-no-uuid',
        'errors/executor/update-short-uuid',
        'errors/executor/update-staging',
      ),
    ),
    MESSAGE: equal(
      test(F.executors, 'an executor of its own runs tasks, hears messages and is shut down'),
      test(F.encodings, 'calls of executors mean the same in each encoding'),
      replay('errors/executor/message-no-body'),
    ),
    HEARTBEAT: equal(
      test(F.encodings, 'calls of executors mean the same in each encoding'),
      replay('errors/executor/heartbeat'),
    ),
  }),
  ...rows('executor events', {
    SUBSCRIBED: equal(
      test(F.lives, 'lives of frameworks are as recorded'),
      test(F.executors, 'an executor of its own runs tasks, hears messages and is shut down'),
    ),
    LAUNCH: equal(
      test(F.lives, 'lives of frameworks are as recorded'),
      test(F.executors, 'an executor of its own runs tasks, hears messages and is shut down'),
    ),
    LAUNCH_GROUP: equal(
      test(F.executorCalls, 'a group waits as one, is delivered as one and is killed as one'),
    ),
    KILL: equal(
      test(F.lives, 'lives of frameworks are as recorded'),
      test(F.executors, 'an executor of its own runs tasks, hears messages and is shut down'),
    ),
    ACKNOWLEDGED: equal(
      test(F.lives, 'lives of frameworks are as recorded'),
      test(F.executors, 'an executor of its own runs tasks, hears messages and is shut down'),
    ),
    MESSAGE: equal(
      test(F.lives, 'lives of frameworks are as recorded'),
      test(F.executors, 'an executor of its own runs tasks, hears messages and is shut down'),
    ),
    ERROR: equalUpTo(
      'no agent sends one, neither Mesos’ nor this: it is for drivers to make of a refusal, and understood if it comes',
      test(
        F.executorDriver,
        'an error that the agent tells of is the last callback, in each encoding',
      ),
      test(F.executorDriver, 'an agent that refuses the executor is an error'),
    ),
    SHUTDOWN: equal(
      test(F.lives, 'lives of frameworks are as recorded'),
      test(F.executors, 'an executor of its own runs tasks, hears messages and is shut down'),
    ),
    HEARTBEAT: equal(test(F.executorCalls, 'a heartbeat comes every half an hour')),
  }),
  ...rows('resource provider calls', {
    SUBSCRIBE: missing('there are no resource providers yet'),
    UPDATE_OPERATION_STATUS: missing('there are no resource providers yet'),
    UPDATE_STATE: missing('there are no resource providers yet'),
    UPDATE_PUBLISH_RESOURCES_STATUS: missing('there are no resource providers yet'),
  }),
  ...rows('resource provider events', {
    SUBSCRIBED: missing('there are no resource providers yet'),
    APPLY_OPERATION: missing('there are no resource providers yet'),
    PUBLISH_RESOURCES: missing('there are no resource providers yet'),
    ACKNOWLEDGE_OPERATION_STATUS: missing('there are no resource providers yet'),
    RECONCILE_OPERATIONS: missing('there are no resource providers yet'),
    TEARDOWN: missing('there are no resource providers yet'),
  }),
];
