// A process killed in the middle of writing: whatever it had acknowledged is there afterwards.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from '@kaon/primitives';
import { lmdbStorage, Registrar } from '@kaon/registry';
import t from 'tap';
import { masterInfo } from './builders/agents.ts';

const WRITER = fileURLToPath(new URL('./builders/registry-writer.js', import.meta.url));

t.test('a writer killed with SIGKILL loses nothing it acknowledged', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'kaon-kill-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, 'registry.mdb');
  const acknowledged = new Set<string>();

  for (let round = 0; round < 3; round += 1) {
    const writer = fork(WRITER, [path, String(round)], { execArgv: [] });
    t.teardown(() => writer.kill('SIGKILL'));
    await new Promise<void>((resolve) => {
      writer.on('message', (id: string) => {
        acknowledged.add(id);
        if (acknowledged.size % 150 === 0) {
          writer.kill('SIGKILL');
          resolve();
        }
      });
    });
    if (writer.exitCode === null && writer.signalCode === null) await once(writer, 'exit');
  }

  const registrar = new Registrar({ storage: lmdbStorage({ path }), clock: systemClock() });
  t.teardown(() => registrar.close());
  const facts = await registrar.recover(masterInfo());
  const missing = [...acknowledged].filter((id) => !facts.get('agent', id));
  t.ok(acknowledged.size >= 450);
  t.same(missing, []);
  t.equal(registrar.epoch, 4, 'each writer and this one took over in turn');
});

t.test('a writer in another process is fenced by the one that takes over', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'kaon-fence-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, 'registry.mdb');
  const writer = fork(WRITER, [path, 'old'], { execArgv: [] });
  t.teardown(() => writer.kill('SIGKILL'));
  const acknowledged = new Set<string>();
  await new Promise<void>((resolve) => {
    writer.on('message', (id: string) => {
      acknowledged.add(id);
      resolve();
    });
  });

  const registrar = new Registrar({ storage: lmdbStorage({ path }), clock: systemClock() });
  t.teardown(() => registrar.close());
  const exited = once(writer, 'exit');
  const facts = await registrar.recover(masterInfo());
  const [exitCode] = await exited;
  t.equal(exitCode, 9, 'the writer gave up with KAON_STORAGE_FENCED');
  const missing = [...acknowledged].filter((id) => !facts.get('agent', id));
  t.same(missing, [], 'all it was told to be durable was there at the takeover');
});
