// An agent that can be killed: launches one shell command, says so, and hangs.
import { silentLogger, systemClock } from '@kaon/primitives';
import { systemContainerizer } from '#src/node/system-containerizer.js';

const [runtimeDir = '', containerId = '', sandbox = '', value = ''] = process.argv.slice(2);
const containerizer = systemContainerizer({
  runtimeDir,
  clock: systemClock(),
  logger: silentLogger,
});
const { pid } = await containerizer.launch({
  containerId,
  sandbox,
  command: { kind: 'shell', value },
  environment: { PATH: process.env['PATH'] ?? '/bin:/usr/bin' },
});
process.stdout.write(`${pid}\n`);
