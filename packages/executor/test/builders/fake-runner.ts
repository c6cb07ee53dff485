// A container at the test's command.
import type { TaskRunner, TaskTermination } from '@kaon/executor';

interface Settled<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(error: Error): void;
}

function settled<T>(): Settled<T> {
  let resolve: (value: T) => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}

/** Records what was asked of it; the test says when the command starts and ends. */
export class FakeRunner implements TaskRunner {
  readonly started = settled<{ readonly pid: number }>();
  readonly termination = settled<TaskTermination>();
  readonly signals: string[] = [];
  launches = 0;
  destroyed = 0;
  /** How many of the next calls of `destroy` fail. */
  destroyFailures = 0;

  launch(): Promise<{ readonly pid: number }> {
    this.launches += 1;
    return this.started.promise;
  }

  wait(): Promise<TaskTermination> {
    return this.termination.promise;
  }

  async signal(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    this.signals.push(signal);
  }

  async destroy(): Promise<void> {
    if (this.destroyFailures > 0) {
      this.destroyFailures -= 1;
      throw new Error('processes outlive SIGKILL');
    }
    this.destroyed += 1;
  }
}
