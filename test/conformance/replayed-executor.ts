// The executor of the recordings in plain Node: a process of its own that runs what `data` of a task says
// (`finish`, `stay`, `exit N`) and writes down each event as it came, to a file named by EXEC_LOG.
import { randomBytes } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';

interface Task {
  readonly task_id: { readonly value: string };
  readonly data?: string;
}

interface Event {
  readonly type: string;
  readonly launch?: { readonly task: Task };
  readonly kill?: { readonly task_id: { readonly value: string } };
  readonly message?: { readonly data: string };
}

const { env } = process;
const [host, port] = (env['MESOS_AGENT_ENDPOINT'] ?? '').split(':');
const executorId = env['MESOS_EXECUTOR_ID'];

function note(line: object): void {
  appendFileSync(`${env['EXEC_LOG']}-${executorId}.jsonl`, `${JSON.stringify(line)}\n`);
}

function post(body: object): Promise<IncomingMessage> {
  const call = {
    framework_id: { value: env['MESOS_FRAMEWORK_ID'] },
    executor_id: { value: executorId },
    ...body,
  };
  const headers = { 'Content-Type': 'application/json', Accept: 'application/json' };
  return new Promise((resolve, reject) => {
    const options = { host, port, path: '/api/v1/executor', method: 'POST', headers };
    request(options, resolve).on('error', reject).end(JSON.stringify(call));
  });
}

async function update(taskId: string, state: string, more: object = {}): Promise<void> {
  const uuid = randomBytes(16);
  uuid[6] = (Number(uuid[6]) & 0x0f) | 0x40;
  const status = {
    task_id: { value: taskId },
    state,
    source: 'SOURCE_EXECUTOR',
    uuid: uuid.toString('base64'),
    ...more,
  };
  const response = await post({ type: 'UPDATE', update: { status } });
  note({ conn: 'executor', status: response.statusCode });
  response.resume();
}

async function run({ task_id, data }: Task): Promise<void> {
  const taskId = task_id.value;
  const wish = Buffer.from(data ?? '', 'base64').toString();
  await update(taskId, 'TASK_STARTING');
  await update(taskId, 'TASK_RUNNING', {
    data: 'c29tZSBkYXRh',
    labels: { labels: [{ key: 'k', value: 'v' }] },
    message: 'hello from the executor',
  });
  if (wish === 'finish') await update(taskId, 'TASK_FINISHED');
  if (wish.startsWith('exit')) process.exit(Number(wish.slice('exit'.length)) || 3);
}

async function handle(event: Event): Promise<void> {
  if (event.launch) await run(event.launch.task);
  if (event.kill) {
    await update(event.kill.task_id.value, 'TASK_KILLED', { message: 'killed on request' });
  }
  if (event.message) (await post({ type: 'MESSAGE', message: event.message })).resume();
  if (event.type === 'SHUTDOWN') process.exit(0);
}

const stream = await post({
  type: 'SUBSCRIBE',
  subscribe: { unacknowledged_tasks: [], unacknowledged_updates: [] },
});
note({ conn: 'executor', status: stream.statusCode });
let buffered = Buffer.alloc(0);
for await (const chunk of stream) {
  buffered = Buffer.concat([buffered, chunk as Buffer]);
  for (;;) {
    const newline = buffered.indexOf('\n');
    const end = newline + 1 + Number(buffered.subarray(0, Math.max(0, newline)).toString());
    if (newline < 0 || buffered.length < end) break;
    const text = buffered.subarray(newline + 1, end).toString();
    buffered = buffered.subarray(end);
    note({ conn: 'executor', event: text });
    await handle(JSON.parse(text) as Event);
  }
}
