// Errors of the scheduler package. Match on `code`.
import { CodedError, errorText } from '@kaon/primitives';

/** The text given as `master` names no address. */
export class MasterAddressError extends CodedError {
  readonly code = 'KAON_MASTER_ADDRESS';
  readonly master: string;

  constructor(master: string, problem: string) {
    super(`'${master}' is not the address of a master: ${problem}`);
    this.master = master;
  }
}

/** No master accepted the subscription within the time allowed. */
export class MasterUnreachableError extends CodedError {
  readonly code = 'KAON_MASTER_UNREACHABLE';
  readonly master: string;
  readonly timeoutMs: number;

  constructor(master: string, timeoutMs: number, lastProblem: string) {
    super(`no master at ${master} subscribed the framework within ${timeoutMs} ms: ${lastProblem}`);
    this.master = master;
    this.timeoutMs = timeoutMs;
  }
}

/** A call was made while no subscription is up; it was not sent. */
export class NotSubscribedError extends CodedError {
  readonly code = 'KAON_NOT_SUBSCRIBED';
  readonly callType: string;

  constructor(callType: string) {
    super(`call ${callType} was not sent: the framework is not subscribed`);
    this.callType = callType;
  }
}

/** The master answered a call with an error; it had no effect. */
export class CallRefusedError extends CodedError {
  readonly code = 'KAON_CALL_REFUSED';
  readonly callType: string;
  readonly status: number;
  /** What the master said, at most 4096 characters. */
  readonly answer: string;

  constructor(callType: string, status: number, answer: string) {
    super(`the master refused call ${callType} with status ${status}: ${answer}`);
    this.callType = callType;
    this.status = status;
    this.answer = answer;
  }
}

/** The connection broke during a call: whether the master acted on it is unknown. */
export class CallFailedError extends CodedError {
  readonly code = 'KAON_CALL_FAILED';
  readonly callType: string;

  constructor(callType: string, cause: unknown) {
    super(`call ${callType} failed on the way: ${errorText(cause)}`, { cause });
    this.callType = callType;
  }
}

/** Too many calls wait for their turn. */
export class CallQueueFullError extends CodedError {
  readonly code = 'KAON_CALL_QUEUE_FULL';
  readonly callType: string;
  readonly callsMax: number;

  constructor(callType: string, callsMax: number) {
    super(`call ${callType} was not sent: ${callsMax} calls wait already`);
    this.callType = callType;
    this.callsMax = callsMax;
  }
}

/** The master ended the framework's subscription for good. */
export class FrameworkError extends CodedError {
  readonly code = 'KAON_FRAMEWORK_ERROR';

  constructor(message: string) {
    super(`the master ended the subscription: ${message}`);
  }
}

/** The scheduler was closed while something was under way. */
export class SchedulerClosedError extends CodedError {
  readonly code = 'KAON_SCHEDULER_CLOSED';

  constructor() {
    super('the scheduler was closed');
  }
}

/** A task request that cannot become a task. */
export class TaskRequestError extends CodedError {
  readonly code = 'KAON_TASK_REQUEST';
  readonly field: string;

  constructor(field: string, problem: string) {
    super(`task request: ${field} ${problem}`);
    this.field = field;
  }
}

/** More tasks at once than the scheduler was told to allow. */
export class TooManyTasksError extends CodedError {
  readonly code = 'KAON_TOO_MANY_TASKS';
  readonly tasksMax: number;

  constructor(tasksMax: number) {
    super(`the scheduler has ${tasksMax} unfinished tasks already`);
    this.tasksMax = tasksMax;
  }
}

/** A reader of `events()` fell too far behind. */
export class EventBufferFullError extends CodedError {
  readonly code = 'KAON_EVENT_BUFFER_FULL';
  readonly eventsMax: number;

  constructor(eventsMax: number) {
    super(`a reader of the event stream left more than ${eventsMax} events unread`);
    this.eventsMax = eventsMax;
  }
}

/** A callback of a scheduler threw; the driver was aborted. */
export class CallbackError extends CodedError {
  readonly code = 'KAON_SCHEDULER_CALLBACK';
  readonly callback: string;

  constructor(callback: string, cause: unknown) {
    super(`the scheduler's callback ${callback} threw: ${errorText(cause)}`, { cause });
    this.callback = callback;
  }
}

/** A store holds something that this version did not write. */
export class StoreDamagedError extends CodedError {
  readonly code = 'KAON_STORE_DAMAGED';
  readonly place: string;

  constructor(place: string, problem: string) {
    super(`the store ${place} cannot be read: ${problem}`);
    this.place = place;
  }
}

/** A store did not keep a change; the scheduler has ended, its tasks run on for a successor. */
export class StoreFailedError extends CodedError {
  readonly code = 'KAON_STORE_FAILED';

  constructor(cause: unknown) {
    super(`the store did not keep a change: ${errorText(cause)}`, { cause });
  }
}

/** An offer was to be used that is answered already, rescinded, or void after a lost connection. */
export class OfferClosedError extends CodedError {
  readonly code = 'KAON_OFFER_CLOSED';
  readonly offerId: string;

  constructor(offerId: string) {
    super(`offer ${offerId} is not open any more`);
    this.offerId = offerId;
  }
}
