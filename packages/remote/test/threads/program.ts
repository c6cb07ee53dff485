// Starts a thread, asks an actor in it, prints the answer and ends. Run by `pool.test.ts`.
import { createActorSystem } from '@kaon/actor';
import { startThreads } from '@kaon/remote';
import { testModule } from './world.ts';

const system = createActorSystem();
const pool = await startThreads(system, { threads: 1, module: testModule });
const pid = await pool.spawn('work', {});
console.log('answered', await system.ask(pid, 'echo', 7));
await pool.close();
await system.shutdown();
