// A custom executor as somebody else would write it: plain Node, nothing of Kaon, the raw executor API.
// Run as a process of its own. What a task wants done is its `data`:
//   finish  runs and finishes        stay  runs until it is killed
//   exit N  runs, then the executor exits with N
// A message is sent back as it came. What it does is written to `transcript` in its sandbox, a line each.
import { randomBytes } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';

interface Task {
  readonly task_id: { readonly value: string };
  readonly data?: string;
}

interface Status {
  readonly task_id: { readonly value: string };
  readonly state: string;
  readonly uuid: string;
  readonly source: 'SOURCE_EXECUTOR';
  readonly message?: string;
}

interface Event {
  readonly type: string;
  readonly launch?: { readonly task: Task };
  readonly launch_group?: { readonly task_group: { readonly tasks: readonly Task[] } };
  readonly kill?: { readonly task_id: { readonly value: string } };
  readonly acknowledged?: { readonly task_id: { readonly value: string }; readonly uuid: string };
  readonly message?: { readonly data: string };
}

const { env } = process;
const [host, port] = (env['MESOS_AGENT_ENDPOINT'] ?? '').split(':');
const token = env['MESOS_EXECUTOR_AUTHENTICATION_TOKEN'];
const isCheckpointing = env['MESOS_CHECKPOINT'] === '1';
const unacknowledgedTasks = new Map<string, Task>();
const unacknowledgedUpdates = new Map<string, Status>();

function note(line: string): void {
  appendFileSync('transcript', `${line}\n`);
}

function post(body: object): Promise<IncomingMessage> {
  const call = {
    framework_id: { value: env['MESOS_FRAMEWORK_ID'] },
    executor_id: { value: env['MESOS_EXECUTOR_ID'] },
    ...body,
  };
  return new Promise((resolve, reject) => {
    const headers = {
      'Content-Type': 'application/json',
      Accept: 'application/json',
      ...(token !== undefined && { Authorization: `Bearer ${token}` }),
    };
    const options = { host, port, path: '/api/v1/executor', method: 'POST', headers };
    request(options, resolve).on('error', reject).end(JSON.stringify(call));
  });
}

/** An update that is not acknowledged goes with the next subscription. */
async function update(taskId: string, state: string, message?: string): Promise<void> {
  const uuid = randomBytes(16);
  uuid[6] = (Number(uuid[6]) & 0x0f) | 0x40;
  const status: Status = {
    task_id: { value: taskId },
    state,
    uuid: uuid.toString('base64'),
    source: 'SOURCE_EXECUTOR',
    ...(message !== undefined && { message }),
  };
  unacknowledgedUpdates.set(status.uuid, status);
  try {
    const response = await post({ type: 'UPDATE', update: { status } });
    note(`update ${taskId} ${state} ${response.statusCode}`);
    response.resume();
  } catch {
    note(`update ${taskId} ${state} unsent`);
  }
}

async function run(task: Task): Promise<void> {
  const taskId = task.task_id.value;
  unacknowledgedTasks.set(taskId, task);
  const wish = Buffer.from(task.data ?? '', 'base64').toString();
  await update(taskId, 'TASK_RUNNING', 'hello from the executor');
  if (wish === 'finish') await update(taskId, 'TASK_FINISHED');
  if (wish.startsWith('exit ')) process.exit(Number(wish.slice(5)));
}

async function handle(event: Event): Promise<void> {
  note(`event ${event.type}`);
  if (event.launch) await run(event.launch.task);
  for (const task of event.launch_group?.task_group.tasks ?? []) await run(task);
  if (event.kill) await update(event.kill.task_id.value, 'TASK_KILLED', 'killed on request');
  if (event.message) await post({ type: 'MESSAGE', message: event.message });
  if (event.acknowledged) {
    unacknowledgedUpdates.delete(event.acknowledged.uuid);
    unacknowledgedTasks.delete(event.acknowledged.task_id.value);
  }
  if (event.type === 'SHUTDOWN') process.exit(0);
}

async function subscribe(): Promise<void> {
  const response = await post({
    type: 'SUBSCRIBE',
    subscribe: {
      unacknowledged_tasks: [...unacknowledgedTasks.values()],
      unacknowledged_updates: [...unacknowledgedUpdates.values()].map((status) => ({ status })),
    },
  });
  note(`subscribed ${response.statusCode}`);
  let buffered = Buffer.alloc(0);
  for await (const chunk of response) {
    buffered = Buffer.concat([buffered, chunk as Buffer]);
    for (;;) {
      const newline = buffered.indexOf('\n');
      const end = newline + 1 + Number(buffered.subarray(0, Math.max(0, newline)).toString());
      if (newline < 0 || buffered.length < end) break;
      const record = buffered.subarray(newline + 1, end).toString();
      buffered = buffered.subarray(end);
      await handle(JSON.parse(record) as Event);
    }
  }
}

// A signal makes it finish its tasks while nobody listens: what the agent must not lose.
process.on('SIGUSR2', () => {
  for (const taskId of (env['FINISH_ON_SIGNAL'] ?? '').split(',')) {
    void update(taskId, 'TASK_FINISHED');
  }
});

for (;;) {
  await subscribe().catch(() => undefined);
  note('disconnected');
  // Without checkpoints the agent's end is the executor's.
  if (!isCheckpointing) process.exit(1);
  await new Promise((resolve) => setTimeout(resolve, 50));
}
