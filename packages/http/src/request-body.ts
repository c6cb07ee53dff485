// Collects a request body within its limits of size and time.
import { type Clock, concatBytes } from '@kaon/primitives';
import { inflate } from './compression.ts';
import type { DriverExchange, DriverRequest } from './driver.ts';

/** Why there is no body. */
export type BodyProblem = 'too large' | 'too slow' | 'malformed' | 'unknown coding';

/** Limits of a body. */
export interface BodyLimits {
  readonly bytesMax: number;
  readonly timeoutMs: number;
  readonly clock: Clock;
}

/** Who waits for a body. One of the two is called, once; neither when the peer goes away. */
export interface BodyReceiver {
  received(body: Uint8Array): void;
  refused(problem: BodyProblem): void;
}

/** Bytes the head announces; undefined when the body is chunked. */
export function announcedBytes(request: DriverRequest): number | undefined {
  if (request.header('transfer-encoding') !== undefined) return undefined;
  const length = request.header('content-length');
  return length === undefined ? 0 : Number(length);
}

/**
 * Reads the whole body of `exchange`, which announces one, inflated when it is gzip.
 *
 * Returns how to give up, for when the peer goes away.
 */
export function collectBody(
  exchange: DriverExchange,
  limits: BodyLimits,
  receiver: BodyReceiver,
): () => void {
  const announced = announcedBytes(exchange.request);
  if (announced !== undefined && !(announced <= limits.bytesMax)) {
    receiver.refused('too large');
    return () => undefined;
  }

  const chunks: Uint8Array[] = [];
  let length = 0;
  let isOver = false;
  const finish = (): void => {
    isOver = true;
    chunks.length = 0;
    limits.clock.clearTimer(timer);
  };
  const refuse = (problem: BodyProblem): void => {
    finish();
    receiver.refused(problem);
  };
  const timer = limits.clock.setTimer(limits.timeoutMs, () => refuse('too slow'));

  exchange.readBody({
    chunk(bytes) {
      if (isOver) return;
      length += bytes.length;
      if (length > limits.bytesMax) refuse('too large');
      else chunks.push(bytes.slice());
    },
    end() {
      if (isOver) return;
      const body = chunks.length === 1 ? (chunks[0] as Uint8Array) : concatBytes(chunks);
      finish();
      const coding = exchange.request.header('content-encoding')?.trim().toLowerCase() ?? '';
      if (coding === '' || coding === 'identity') {
        receiver.received(body);
      } else if (coding === 'gzip' || coding === 'x-gzip') {
        const inflated = inflate(body, limits.bytesMax);
        if (inflated.ok) receiver.received(inflated.value);
        else receiver.refused(inflated.error);
      } else {
        receiver.refused('unknown coding');
      }
    },
  });
  return finish;
}
