// An executor that writes down every callback.
import type { Executor, ExecutorDriver } from '@kaon/executor';
import type { TaskID, TaskInfo } from '@kaon/protocol';

export class ExecutorRecorder implements Executor {
  readonly heard: string[] = [];
  onLaunch: (driver: ExecutorDriver, task: TaskInfo) => void | Promise<void> = () => undefined;
  onShutdown: (driver: ExecutorDriver) => void = () => undefined;

  registered(
    _driver: ExecutorDriver,
    { executorId }: { readonly executorId: { readonly value: string } },
    { name }: { readonly name: string },
    { hostname }: { readonly hostname: string },
  ): void {
    this.heard.push(`registered ${executorId.value} of ${name} on ${hostname}`);
  }
  reregistered(_driver: ExecutorDriver, { hostname }: { readonly hostname: string }): void {
    this.heard.push(`reregistered on ${hostname}`);
  }
  disconnected(): void {
    this.heard.push('disconnected');
  }
  launchTask(driver: ExecutorDriver, task: TaskInfo): void | Promise<void> {
    this.heard.push(`launch ${task.taskId.value}`);
    return this.onLaunch(driver, task);
  }
  killTask(_driver: ExecutorDriver, { value }: TaskID): void {
    this.heard.push(`kill ${value}`);
  }
  frameworkMessage(_driver: ExecutorDriver, data: Uint8Array): void {
    this.heard.push(`message ${Buffer.from(data).toString()}`);
  }
  shutdown(driver: ExecutorDriver): void {
    this.heard.push('shutdown');
    this.onShutdown(driver);
  }
  error(driver: ExecutorDriver, message: string): void {
    this.heard.push(`error ${message} ${driver.status}`);
  }
}
