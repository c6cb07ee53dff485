// A real cluster on a free port for one test file: one master, real agents, real processes.
import { startLocalCluster } from '@kaon/local';
import type { Test } from 'tap';

export interface TestCluster {
  /** `host:port` of the master and, in a local cluster, of its agents. */
  readonly address: string;
}

/** Starts a cluster that ends with the test. */
export async function givenCluster(t: Test, agents = 1): Promise<TestCluster> {
  const cluster = await startLocalCluster({
    agents,
    port: 0,
    resources: 'cpus:4;mem:4096;disk:8192;ports:[31000-31999]',
  });
  t.teardown(() => cluster.close());
  return { address: cluster.address };
}
