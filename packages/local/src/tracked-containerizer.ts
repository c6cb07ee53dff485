// A containerizer that remembers what runs, so that the end of a cluster can be the end of its processes.
import type {
  Containerizer,
  ContainerSignal,
  ContainerTermination,
  ContainerUsage,
  LaunchedContainer,
  LaunchRequest,
  RecoveredContainer,
} from '@kaon/containerizer';

/** Passes everything on and keeps the ids of containers that were not destroyed. */
export class TrackedContainerizer implements Containerizer {
  readonly #inner: Containerizer;
  readonly #living = new Set<string>();

  constructor(inner: Containerizer) {
    this.#inner = inner;
  }

  async launch(request: LaunchRequest): Promise<LaunchedContainer> {
    this.#living.add(request.containerId);
    try {
      return await this.#inner.launch(request);
    } catch (error) {
      this.#living.delete(request.containerId);
      throw error;
    }
  }

  wait(containerId: string): Promise<ContainerTermination> {
    return this.#inner.wait(containerId);
  }

  signal(containerId: string, signal: ContainerSignal): Promise<void> {
    return this.#inner.signal(containerId, signal);
  }

  async destroy(containerId: string): Promise<void> {
    await this.#inner.destroy(containerId);
    this.#living.delete(containerId);
  }

  async recover(): Promise<readonly RecoveredContainer[]> {
    const recovered = await this.#inner.recover();
    for (const { containerId } of recovered) this.#living.add(containerId);
    return recovered;
  }

  usage(containerId: string): Promise<ContainerUsage | undefined> {
    return this.#inner.usage(containerId);
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  /** Kills every process of every container that is left. */
  async destroyAll(): Promise<void> {
    await Promise.allSettled([...this.#living].map((id) => this.destroy(id)));
  }
}
