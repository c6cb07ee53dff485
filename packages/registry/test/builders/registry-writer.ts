// Run as a child process: admits agents as fast as it can and tells its parent of each that is durable.
// Exits with 9 when another writer has taken over.
import { type CodedError, systemClock } from '@kaon/primitives';
import { admitAgent, lmdbStorage, Registrar } from '@kaon/registry';
import { agentInfo, masterInfo } from './agents.ts';

const [path = '', label = ''] = process.argv.slice(2);
const registrar = new Registrar({ storage: lmdbStorage({ path }), clock: systemClock() });
await registrar.recover(masterInfo(label));

for (let index = 0; index < 1_000_000; index += 8) {
  const ids = Array.from({ length: 8 }, (_, offset) => `${label}-${index + offset}`);
  try {
    await Promise.all(
      ids.map(async (id) => {
        await registrar.apply(admitAgent(agentInfo(id)));
        process.send?.(id);
      }),
    );
  } catch (error) {
    const cause = (error as CodedError).cause as CodedError | undefined;
    process.exit(cause?.code === 'KAON_STORAGE_FENCED' ? 9 : 1);
  }
}
