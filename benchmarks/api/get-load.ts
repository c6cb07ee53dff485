// Load for `small GETs`: kept-alive connections with one request each under way, as raw sockets, so that the
// same little work is done for every server.
import { connect } from 'node:net';
import { answerJob } from '../forked-job.ts';
import { percentile } from '../harness.ts';

/** What one round of load has seen. */
export interface LoadResult {
  readonly answers: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const WARM_UP_SHARE = 0.25;
const HEAD_END = '\r\n\r\n';

/** Bytes of a whole answer, from the packet that holds its head. Throws unless it is 200. */
function answerLength(text: string): number {
  const headLength = text.indexOf(HEAD_END);
  const length = /\r\ncontent-length: (\d+)/i.exec(text);
  if (!text.startsWith('HTTP/1.1 200 ') || headLength < 0 || length === null) {
    throw new Error(`not the answer that was expected: ${text.slice(0, 100)}`);
  }
  return headLength + HEAD_END.length + Number(length[1]);
}

async function load(
  port: number,
  path: string,
  connections: number,
  seconds: number,
  isConstant: boolean,
): Promise<LoadResult> {
  const request = Buffer.from(
    `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUser-Agent: bench\r\nAccept: */*\r\n\r\n`,
  );
  const latenciesMs: number[] = [];
  let isCounting = false;
  let isOver = false;
  let failure: Error | undefined;
  const sockets = Array.from({ length: connections }, () => {
    let sentMs = 0;
    let expected = 0;
    let received = 0;
    const ask = (): void => {
      sentMs = performance.now();
      socket.write(request);
    };
    const socket = connect({
      port,
      host: '127.0.0.1',
      noDelay: true,
      onread: {
        buffer: Buffer.allocUnsafe(64 * 1024),
        callback(length, bytes) {
          // The date has always the same length, and so has a constant answer.
          if (expected === 0 || (received === 0 && !isConstant))
            expected = answerLength(Buffer.from(bytes).toString('latin1', 0, length));
          received += length;
          if (received < expected) return true;
          if (received > expected) failure = new Error(`an answer of ${received} bytes`);
          received = 0;
          if (isCounting) latenciesMs.push(performance.now() - sentMs);
          if (!isOver) ask();
          return true;
        },
      },
    });
    socket.once('connect', ask);
    socket.once('error', (error) => {
      failure = error;
    });
    return socket;
  });
  await new Promise((resolve) => setTimeout(resolve, seconds * WARM_UP_SHARE * 1000));
  const startedMs = performance.now();
  isCounting = true;
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  const elapsed = (performance.now() - startedMs) / 1000;
  isOver = true;
  for (const socket of sockets) socket.destroy();
  if (failure !== undefined) throw failure;
  return {
    answers: latenciesMs.length,
    seconds: elapsed,
    p50Ms: percentile(latenciesMs, 0.5),
    p99Ms: percentile(latenciesMs, 0.99),
  };
}

await answerJob(load);
