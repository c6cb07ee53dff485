// Rows about the APIs with streams: of schedulers, executors and resource providers.
import { differs, equal, TEST_FILES as F, missing, type Row, rows, test } from './row.ts';

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
    ACCEPT: differs(
      'LAUNCH is served; LAUNCH_GROUP and operations on reservations, volumes and disks are to come',
      test(F.life, 'a task runs to its end'),
      test(F.life, 'an offer that is gone drops what was launched on it'),
      test(F.encodings, 'calls of schedulers mean the same in each encoding'),
    ),
    DECLINE: equal(
      test(F.life, 'suppress ends the offers, revive brings them back'),
      test(F.encodings, 'calls of schedulers mean the same in each encoding'),
    ),
    ACCEPT_INVERSE_OFFERS: differs(
      'accepted and ignored until there are inverse offers, which come with maintenance',
      test(F.encodings, 'calls of schedulers mean the same in each encoding'),
    ),
    DECLINE_INVERSE_OFFERS: differs(
      'accepted and ignored until there are inverse offers, which come with maintenance',
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
    SHUTDOWN: differs(
      'ends the executors of command tasks; executors of frameworks are to come',
      test(F.encodings, 'calls of schedulers mean the same in each encoding'),
    ),
    ACKNOWLEDGE: equal(
      test(F.life, 'a task runs to its end'),
      test(F.encodings, 'calls of schedulers mean the same in each encoding'),
    ),
    ACKNOWLEDGE_OPERATION_STATUS: differs(
      'judged and accepted; there are no operations with a status yet',
      test(F.encodings, 'calls of schedulers mean the same in each encoding'),
    ),
    RECONCILE: equal(
      test(F.life, 'reconciliation answers for known and unknown tasks'),
      test(F.encodings, 'calls of schedulers mean the same in each encoding'),
    ),
    RECONCILE_OPERATIONS: differs(
      'answers for unknown operations; there are no others yet',
      test(F.encodings, 'calls of schedulers mean the same in each encoding'),
    ),
    MESSAGE: differs(
      'forwarded to the agent; executors of frameworks are to come',
      test(F.encodings, 'calls of schedulers mean the same in each encoding'),
    ),
    REQUEST: equal(test(F.encodings, 'calls of schedulers mean the same in each encoding')),
    SUPPRESS: equal(
      test(F.life, 'suppress ends the offers, revive brings them back'),
      test(F.encodings, 'calls of schedulers mean the same in each encoding'),
    ),
    UPDATE_FRAMEWORK: equal(
      test(F.encodings, 'calls of schedulers mean the same in each encoding'),
    ),
  }),
  ...rows('scheduler events', {
    SUBSCRIBED: equal(test(F.life, 'a framework lives over bare sockets')),
    OFFERS: equal(
      test(F.life, 'a task runs to its end'),
      test(F.encodings, 'a stream of records may be cut at any byte'),
    ),
    INVERSE_OFFERS: missing('comes with maintenance'),
    RESCIND: equal(
      test(F.masterAgents, 'a broken link withdraws offers and makes the pings say so'),
    ),
    RESCIND_INVERSE_OFFER: missing('comes with maintenance'),
    UPDATE: equal(test(F.life, 'a task runs to its end')),
    UPDATE_OPERATION_STATUS: missing('comes with operations on offers'),
    MESSAGE: missing('comes with executors of frameworks'),
    FAILURE: equal(
      test(F.masterAgents, 'an agent that answers its pings stays; a silent one is unreachable'),
    ),
    ERROR: equal(test(F.life, 'a second stream takes the framework over')),
    HEARTBEAT: equal(test(F.life, 'a framework lives over bare sockets')),
  }),
  ...rows('executor calls', {
    SUBSCRIBE: differs(
      'judged as recorded; executors of frameworks are to come, so that each is unknown',
      test(F.encodings, 'calls of executors mean the same in each encoding'),
    ),
    UPDATE: differs(
      'judged as recorded; executors of frameworks are to come, so that each is unknown',
      test(F.encodings, 'calls of executors mean the same in each encoding'),
    ),
    MESSAGE: differs(
      'judged as recorded; executors of frameworks are to come, so that each is unknown',
      test(F.encodings, 'calls of executors mean the same in each encoding'),
    ),
    HEARTBEAT: differs(
      'judged as recorded; executors of frameworks are to come, so that each is unknown',
      test(F.encodings, 'calls of executors mean the same in each encoding'),
    ),
  }),
  ...rows('executor events', {
    SUBSCRIBED: missing('comes with executors of frameworks'),
    LAUNCH: missing('comes with executors of frameworks'),
    LAUNCH_GROUP: missing('comes with executors of frameworks'),
    KILL: missing('comes with executors of frameworks'),
    ACKNOWLEDGED: missing('comes with executors of frameworks'),
    MESSAGE: missing('comes with executors of frameworks'),
    ERROR: missing('comes with executors of frameworks'),
    SHUTDOWN: missing('comes with executors of frameworks'),
    HEARTBEAT: missing('comes with executors of frameworks'),
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
