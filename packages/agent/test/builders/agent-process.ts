// An agent in a process of its own, which tests can kill. Arguments: work directory, address of the
// master, port (0: a free one), options as JSON. Prints its port when it listens.
import { startAgent } from '@kaon/agent';
import { systemContainerizer } from '@kaon/containerizer';
import { parseMasterAddress, standaloneDetector } from '@kaon/election';
import { invariant, silentLogger, systemClock, systemDisk } from '@kaon/primitives';
import { startNode } from '@kaon/remote';

const [workDir = '', masterAddress = '', port = '0', options = '{}'] = process.argv.slice(2);
const master = parseMasterAddress(masterAddress);
invariant(master.ok, 'the address of the master is one');
const node = await startNode({ port: Number(port), http: { driver: 'node' } });
const agent = await startAgent({
  system: node.system,
  http: node.http,
  mountAtRoot: true,
  detector: standaloneDetector(master.value),
  containerizer: systemContainerizer({
    runtimeDir: `${workDir}/runtime`,
    clock: systemClock(),
    logger: silentLogger,
  }),
  disk: systemDisk(),
  workDir,
  resources: 'cpus:2;mem:512;disk:512;ports:[1-9]',
  registrationBackoffFactorMs: 1,
  ...JSON.parse(options),
});
void agent.stopped.then(() => process.exit(0));
process.stdout.write(`${node.address.slice(node.address.lastIndexOf(':') + 1)}\n`);
