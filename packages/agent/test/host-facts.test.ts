// What an agent offers when its operator says little.
import { agentResources } from '@kaon/agent';
import { formatResources } from '@kaon/resources';
import t from 'tap';

const GIGABYTE = 1024 ** 3;

function offered(
  text: string,
  fields: { memory?: number; disk?: number; cpus?: number } = {},
): string {
  const { memory = 16, disk = 100, cpus = 8 } = fields;
  const resources = agentResources(text, {
    hostname: 'h',
    cpus,
    memoryBytes: memory * GIGABYTE,
    diskBytes: disk * GIGABYTE,
    runsAsRoot: false,
  });
  return resources.ok ? formatResources(resources.value) : `error: ${resources.error}`;
}

t.test('everything is taken from the machine, less what is kept back', async (t) => {
  t.equal(offered(''), 'cpus:8; mem:15360; disk:97280; ports:[31000-32000]');
});

t.test('a small machine keeps half', async (t) => {
  t.equal(
    offered('', { memory: 1, disk: 8, cpus: 0 }),
    'cpus:1; mem:512; disk:4096; ports:[31000-32000]',
  );
});

t.test('what is named counts, also for a role, also as nothing', async (t) => {
  t.equal(
    offered('cpus(web):2;mem:100;disk:0;ports:[1-2]'),
    'cpus(reservations: [(STATIC,web)]):2; mem:100; ports:[1-2]',
  );
  t.equal(
    offered('gpus:2;cpus:1;mem:1;disk:1;ports:[1-1]'),
    'gpus:2; cpus:1; mem:1; disk:1; ports:[1-1]',
  );
});

t.test('what makes no sense is refused', async (t) => {
  t.match(offered('cpus'), /^error: /);
  t.match(offered('gpus:0.5'), /^error: gpus must be a whole number/);
});
