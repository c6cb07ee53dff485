// Fairness: with one actor flooding itself, how long does an HTTP request take, how late is a timer on the
// same thread? Asked from this process, so that the client has a thread of its own.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { Agent, get } from 'node:http';
import { fileURLToPath } from 'node:url';
import { percentile } from '../../harness.ts';
import type { JobInput, Sample } from '../sample.ts';

const REQUESTS = { full: 1000, quick: 200 } as const;
/** Requests before those that count. */
const WARM_UP = 20;
/** Between two requests. */
const PAUSE_MS = 5;

interface Measured {
  readonly httpMs: readonly number[];
  readonly timerMs: readonly number[];
}

/** The rows of fairness; what an idle node does stands beside them. */
export async function runFairness({ quick }: JobInput): Promise<readonly Sample[]> {
  const requests = REQUESTS[quick ? 'quick' : 'full'];
  const idle = await measureNode('idle', requests);
  const flood = await measureNode('flood', requests);
  const sample = (row: 'fairHttp' | 'fairTimer', key: keyof Measured): Sample => ({
    row,
    contender: 'kaon',
    values: [percentile(flood[key], 0.99) * 1e6],
    operations: flood[key].length,
    extra: {
      'p50 ns': percentile(flood[key], 0.5) * 1e6,
      'worst ns': Math.max(...flood[key]) * 1e6,
      'idle p99 ns': percentile(idle[key], 0.99) * 1e6,
    },
  });
  return [sample('fairHttp', 'httpMs'), sample('fairTimer', 'timerMs')];
}

async function measureNode(kind: 'idle' | 'flood', requests: number): Promise<Measured> {
  const child = fork(fileURLToPath(new URL('./node.js', import.meta.url)), [kind]);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  try {
    const { address } = (await next(child)) as { address: string };
    const httpMs: number[] = [];
    for (let index = 0; index < requests + WARM_UP; index += 1) {
      const startedMs = performance.now();
      await request(agent, `http://${address}/ping`);
      if (index >= WARM_UP) httpMs.push(performance.now() - startedMs);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
    child.send('report');
    const { latenesses } = (await next(child)) as { latenesses: readonly number[] };
    return { httpMs, timerMs: latenesses };
  } finally {
    agent.destroy();
    child.kill();
    await once(child, 'exit');
  }
}

async function next(child: ChildProcess): Promise<unknown> {
  const [message] = await once(child, 'message');
  return message;
}

function request(agent: Agent, url: string): Promise<void> {
  return new Promise((resolve, reject) => {
    get(url, { agent }, (response) => {
      response.resume();
      response.once('error', reject);
      response.once('end', () =>
        response.statusCode === 200 ? resolve() : reject(new Error(`${response.statusCode}`)),
      );
    }).once('error', reject);
  });
}
