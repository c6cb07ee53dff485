// Errors that are matched by code, and invariants.
import { CodedError, errorText, InvariantError, invariant, unreachable } from '@kaon/primitives';
import t from 'tap';

class DoorError extends CodedError {
  readonly code = 'KAON_DOOR';
  readonly door: string;

  constructor(door: string, options?: { readonly cause?: unknown }) {
    super(`door ${door} is shut`, options);
    this.door = door;
  }
}

t.test('a coded error keeps its class name, code, fields and cause', async (t) => {
  const cause = new Error('wind');
  const error = new DoorError('front', { cause });
  t.equal(error.name, 'DoorError');
  t.equal(error.code, 'KAON_DOOR');
  t.equal(error.door, 'front');
  t.equal(error.cause, cause);
  t.ok(error instanceof Error);
  t.match(error.stack, /DoorError|door front/);
});

t.test('the text of anything thrown can be told', async (t) => {
  t.equal(errorText(new DoorError('back')), 'door back is shut');
  t.equal(errorText('plain'), 'plain');
  t.equal(errorText(undefined), 'undefined');
});

t.test('an invariant that does not hold says what should have been', async (t) => {
  t.doesNotThrow(() => invariant(true, 'fine'));
  t.throws(() => invariant(0, 'there is a door'), {
    name: 'InvariantError',
    message: 'there is a door',
  });
  t.throws(() => unreachable('odd' as never), InvariantError);
});
