// The executor an agent makes up to run one command.
import {
  type CommandInfo,
  createMessage,
  ExecutorInfo,
  type Resource,
  type TaskInfo,
} from '@kaon/protocol';
import { COMMAND_EXECUTOR_CPUS, COMMAND_EXECUTOR_MEM_MB } from '../constants.ts';

/** Longest part of a command that names its executor. */
const COMMAND_CHARACTERS_MAX = 15;

/** The command executor of `task`: named after it, with a little room of its own. */
export function commandExecutorInfo(task: TaskInfo, frameworkId: string): ExecutorInfo {
  const taskId = task.taskId.value;
  const allocationInfo = task.resources.find((one) => one.allocationInfo)?.allocationInfo;
  const scalar = (name: string, value: number): Resource => ({
    name,
    type: 'SCALAR',
    scalar: { value },
    reservations: [],
    ...(allocationInfo && { allocationInfo }),
  });
  const command = describeCommand(task.command);
  return createMessage(ExecutorInfo, {
    executorId: { value: taskId },
    frameworkId: { value: frameworkId },
    name: `Command Executor (Task: ${taskId}) (Command: ${command})`,
    source: taskId,
    resources: [scalar('cpus', COMMAND_EXECUTOR_CPUS), scalar('mem', COMMAND_EXECUTOR_MEM_MB)],
    ...(task.command && { command: task.command }),
    ...(task.container && { container: task.container }),
    ...(task.discovery && { discovery: task.discovery }),
    ...(task.labels && { labels: task.labels }),
  });
}

function describeCommand(command: CommandInfo | undefined): string {
  if (command?.shell === false) {
    return shorten(`[${[command.value ?? '', ...command.arguments].join(', ')}]`);
  }
  return `sh -c '${shorten(command?.value ?? '')}'`;
}

function shorten(text: string): string {
  if (text.length <= COMMAND_CHARACTERS_MAX) return text;
  return `${text.slice(0, COMMAND_CHARACTERS_MAX - 3)}...`;
}
