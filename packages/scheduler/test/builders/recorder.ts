// A scheduler that writes down every callback.
import type { Offer, TaskStatus } from '@kaon/protocol';
import type { Scheduler, SchedulerDriver } from '@kaon/scheduler';

export class Recorder implements Scheduler {
  readonly heard: string[] = [];
  readonly statuses: TaskStatus[] = [];
  offers: readonly Offer[] = [];
  onStatus: (driver: SchedulerDriver, status: TaskStatus) => void | Promise<void> = () => undefined;
  onError: () => void | Promise<void> = () => undefined;

  registered(_driver: SchedulerDriver, frameworkId: { readonly value: string }): void {
    this.heard.push(`registered ${frameworkId.value}`);
  }
  reregistered(): void {
    this.heard.push('reregistered');
  }
  disconnected(): void {
    this.heard.push('disconnected');
  }
  resourceOffers(_driver: SchedulerDriver, offers: readonly Offer[]): void {
    this.offers = offers;
    this.heard.push(`offers ${offers.map(({ id }) => id.value).join(' ')}`);
  }
  offerRescinded(_driver: SchedulerDriver, { value }: { readonly value: string }): void {
    this.heard.push(`rescinded ${value}`);
  }
  statusUpdate(driver: SchedulerDriver, status: TaskStatus): void | Promise<void> {
    this.statuses.push(status);
    this.heard.push(`${status.taskId.value} ${status.state}`);
    return this.onStatus(driver, status);
  }
  frameworkMessage(
    _driver: SchedulerDriver,
    _executorId: unknown,
    _agentId: unknown,
    data: Uint8Array,
  ): void {
    this.heard.push(`message ${Buffer.from(data).toString()}`);
  }
  slaveLost(_driver: SchedulerDriver, { value }: { readonly value: string }): void {
    this.heard.push(`lost agent ${value}`);
  }
  executorLost(
    _driver: SchedulerDriver,
    executorId: { readonly value: string },
    agentId: { readonly value: string },
    status: number,
  ): void {
    this.heard.push(`lost executor ${executorId.value} on ${agentId.value} ${status}`);
  }
  error(driver: SchedulerDriver, message: string): void | Promise<void> {
    this.heard.push(`error ${message} ${driver.status}`);
    return this.onError();
  }
}
