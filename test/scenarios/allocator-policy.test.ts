// The example of an allocation policy, run as `kaon master --allocator` runs one.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import {
  CommandBuffer,
  type GrantBatch,
  parcelRows,
  piscinaThread,
  workerHost,
} from '@kaon/allocator';
import t from 'tap';
import { REPOSITORY_ROOT } from '../structure/repository.ts';
import { kaon, startKaon } from './kaon-process.ts';

const KINDS = 2;
const FIFO = example('fifo');

function example(name: string): string {
  return pathToFileURL(join(REPOSITORY_ROOT, `examples/lib/policies/${name}.js`)).href;
}

function takers({ agents, frameworks }: GrantBatch): string[] {
  return [...agents].map((agent, grant) => `a${agent}:f${frameworks[grant]}`).sort();
}

/** A host that runs by an example, and commands for four agents and a framework in each role. */
function givenExample(
  t: Pick<typeof import('tap').t, 'teardown'>,
  policy: string,
  roles: string[],
) {
  const kernel = { kinds: KINDS, minAllocatable: [], excludedKinds: [], refusalsMax: 1000 };
  const kindNames = () => ['cpus', 'mem'];
  const host = workerHost({ kernel, thread: piscinaThread(), policy, kindNames });
  t.teardown(() => host.close());
  const buffer = new CommandBuffer();
  const total = Float64Array.of(4000, 64_000);
  const free = parcelRows(KINDS, [{ quantities: [...total] }]);
  const facts = { isActive: true, demands: 0, lacks: 0, total, reserved: new Float64Array(0) };
  for (let agent = 0; agent < 4; agent += 1) buffer.addAgent(agent, facts, free);
  for (const [framework, role] of roles.entries()) {
    buffer.addRole(framework, role);
    buffer.addFramework(framework, `m1-000${framework}`, 0);
    buffer.subscribe(framework, framework);
    buffer.activateFramework(framework);
  }
  return { host, buffer, free };
}

t.test('first come, first served: the first takes all it has not refused', async (t) => {
  const { host, buffer, free } = givenExample(t, FIFO, ['web', 'ads']);
  buffer.refuse(0, 0, 2, 5000, free);
  const batch = await host.run({ commands: buffer.take(), request: { nowMs: 0, seed: 1 } });
  t.same(takers(batch), ['a0:f0', 'a1:f0', 'a2:f1', 'a3:f0']);
  t.match(host.stats.policy, { passes: 1, failures: 0, refusedGrants: 0 });
});

t.test('production first: other roles get what production refuses', async (t) => {
  const roles = ['ads', 'prod-web', 'web', 'prod-db'];
  const { host, buffer, free } = givenExample(t, example('production-first'), roles);
  for (const framework of [1, 3]) buffer.refuse(framework, framework, 2, 5000, free);
  const batch = await host.run({ commands: buffer.take(), request: { nowMs: 0, seed: 1 } });
  const taken = takers(batch).map((taker) => taker.slice(-2));
  t.same(takers(batch)[2], 'a2:f0');
  t.same(taken.filter((taker) => taker === 'f1' || taker === 'f3').length, 3);
  t.match(host.stats.policy, { passes: 1, failures: 0 });
});

t.test('the page about policies shows the examples as they are', async (t) => {
  const page = readFileSync(join(REPOSITORY_ROOT, 'docs/allocator-policies.md'), 'utf8');
  const shown = [...page.matchAll(/```ts\n\/\/ examples\/(\S+)\n(.*?)```/gs)];
  t.equal(shown.length, 2);
  for (const [, file = '', code = ''] of shown) {
    const source = readFileSync(join(REPOSITORY_ROOT, 'examples', file), 'utf8');
    t.ok(source.endsWith(code), file);
  }
});

t.test('kaon local runs by a policy, with another as its shadow, on several threads', async (t) => {
  const fifo = fileURLToPath(FIFO);
  const local = startKaon(t, [
    ...['local', '--port=0', '--agents=2', '--tasks=4', '--allocator', fifo],
    ...['--allocator-workers=2', '--allocator_shadow', fifo],
  ]);
  const [, address = ''] = await local.printed(/listening on (\S+):/);
  await local.printed(/4 of 4 tasks finished/);
  const response = await fetch(`http://${address}/metrics/snapshot`);
  const metrics = (await response.json()) as Record<string, number>;
  const policy = (name: string) => metrics[`allocator/kaon/policy/${name}`];
  t.ok(policy('passes')! > 0);
  t.same([policy('failures'), policy('refused_grants'), policy('is_off')], [0, 0, 0]);
  t.equal(metrics['allocator/kaon/shadow/failed_passes'], 0);
  t.equal(metrics['allocator/kaon/shadow/is_off'], 0);
  const report = await fetch(`http://${address}/allocator/policy`);
  t.match(await report.json(), {
    policy: { module: FIFO, failures: 0, is_off: false },
    shadow: { module: FIFO, failed_passes: 0, is_off: false },
  });
  local.kill('SIGINT');
  t.equal(await local.exited, 0);
});

t.test('a policy that does not load stops nothing, and the log says so', async (t) => {
  const folder = t.testdir({ 'broken.js': 'throw new Error("not today");' });
  const local = await kaon(t, [
    ...['local', '--port=0', '--agents=1', '--tasks=2', '--exit'],
    ...['--allocator', `${folder}/broken.js`],
  ]);
  t.equal(local.exitCode, 0, local.stderr);
  t.match(local.stdout, /2 of 2 tasks finished/);
  t.match(local.stderr, /the policy failed.*not today/);
});
