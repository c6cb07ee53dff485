// The list of hosts that may be offered, read again and again; and weights a new registry begins with.

import { startMaster } from '@kaon/master';
import { silentLogger, utf8 } from '@kaon/primitives';
import { memoryStorage } from '@kaon/registry';
import { Simulation } from '@kaon/testkit';
import t from 'tap';
import { Whitelist } from '#master/whitelist';
import { MASTER_ADDRESS } from './builders/cluster.ts';
import { GreedyAllocator } from './builders/greedy-allocator.ts';

t.test('changes of the list are told within five seconds, and only changes', async (t) => {
  const sim = new Simulation();
  t.teardown(() => sim.close());
  const { clock } = sim.createSystem(MASTER_ADDRESS);
  const told: (readonly string[])[] = [];
  let text: string | undefined;
  const whitelist = new Whitelist({
    path: '/whitelist',
    disk: {
      readRange: async () => (text === undefined ? undefined : utf8(text)),
    },
    clock,
    logger: silentLogger,
    onChange: (hostnames) => told.push(hostnames),
  });
  await whitelist.start();
  t.same(told, [[]], 'no list: no host is good');
  text = 'host-1\n host-2 \n\n';
  await sim.advance(5_000);
  await sim.advance(5_000);
  t.same(told, [[], ['host-1', 'host-2']]);
  text = undefined;
  await sim.advance(5_000);
  t.equal(told.length, 2, 'a list that cannot be read changes nothing');
  text = 'host-3';
  await sim.advance(5_000);
  t.same(told.at(-1), ['host-3']);
  whitelist.close();
  text = 'host-4';
  await sim.advance(10_000);
  t.equal(told.length, 3);
});

t.test(
  'a master offers the listed hosts, and a registry without weights gets the initial ones',
  async (t) => {
    const sim = new Simulation();
    t.teardown(() => sim.close());
    const storage = memoryStorage();
    const start = async (weight: number) => {
      const system = sim.createSystem(`10.0.0.${weight}:5050`);
      let allocator: GreedyAllocator | undefined;
      const master = startMaster({
        system,
        storage,
        initialWeights: [{ role: 'ops', weight }],
        whitelist: { path: '/w', disk: { readRange: async () => utf8('host-1') } },
        createAllocator: (onAllocated) => {
          allocator = new GreedyAllocator(onAllocated);
          return allocator;
        },
      });
      await sim.settle();
      await master.ready;
      return allocator;
    };
    const first = await start(2);
    t.match(first?.of('setWhitelist'), [{ hostnames: ['host-1'] }]);
    t.same(first?.weights, [{ role: 'ops', weight: 2 }]);
    const second = await start(3);
    t.same(second?.weights, [{ role: 'ops', weight: 2 }], 'what the registry has counts');
  },
);
