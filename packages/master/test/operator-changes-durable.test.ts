// What an operator was told is done is on disk: a second master that takes the file, while the first still has
// it open, knows all of it.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lmdbStorage } from '@kaon/registry';
import t from 'tap';
import { givenHttpMaster, type HttpMaster } from './builders/http-master.ts';

async function call(master: HttpMaster, type: string, body?: unknown): Promise<string> {
  const { status, text } = await master.send({
    path: '/api/v1',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ type, [type.toLowerCase()]: body }),
  });
  if (status !== 200) throw new Error(`${type}: ${status} ${text}`);
  return text;
}

t.test('every change survives the master that made it', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'kaon-operator-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const storage = lmdbStorage({ path: join(folder, 'registry.mdb') });
  const first = await givenHttpMaster(t, { storage });
  await first.master.ready;
  const machine = { hostname: 'ghost.example', ip: '10.9.8.7' };
  const windows = [{ machine_ids: [machine], unavailability: { start: { nanoseconds: 5 } } }];
  await call(first, 'UPDATE_WEIGHTS', { weight_infos: [{ role: 'ops', weight: 2 }] });
  await call(first, 'UPDATE_QUOTA', {
    quota_configs: [{ role: 'ops', limits: { cpus: { value: 2 } } }, { role: 'reset' }],
  });
  await call(first, 'UPDATE_MAINTENANCE_SCHEDULE', { schedule: { windows } });
  await call(first, 'START_MAINTENANCE', { machines: [machine] });
  const questions = [
    'GET_WEIGHTS',
    'GET_QUOTA',
    'GET_MAINTENANCE_SCHEDULE',
    'GET_MAINTENANCE_STATUS',
  ];
  const seen: string[] = [];
  for (const type of questions) seen.push(await call(first, type));

  const second = await givenHttpMaster(t, { storage });
  await second.master.ready;
  for (const [index, type] of questions.entries()) {
    t.equal(await call(second, type), seen[index], type);
  }
  await t.rejects(call(first, 'UPDATE_WEIGHTS', { weight_infos: [{ role: 'x', weight: 2 }] }));
  t.notMatch(await call(second, 'GET_WEIGHTS'), /"x"/, 'the former master cannot write any more');
});
