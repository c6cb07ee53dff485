// The life of an offer operation.
import type { OperationState } from './generated/mesos-v1.ts';

const TERMINAL: ReadonlySet<OperationState> = new Set<OperationState>([
  'OPERATION_FINISHED',
  'OPERATION_FAILED',
  'OPERATION_ERROR',
  'OPERATION_DROPPED',
  'OPERATION_GONE_BY_OPERATOR',
]);

/** Whether an operation in `state` will not change again. */
export function isTerminalOperation(state: OperationState): boolean {
  return TERMINAL.has(state);
}
