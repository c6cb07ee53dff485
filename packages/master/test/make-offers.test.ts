// Every quantity the allocator grants ends up in one offer, or goes back.
import type { Allocation } from '@kaon/allocator';
import { toId } from '@kaon/protocol';
import t from 'tap';
import { makeOffers } from '#master/transitions/make-offers';
import { eventsTo, givenMaster, parsed, recovered } from './builders/given-master.ts';

function granted(framework: string, ...shares: [string, string, string?][]): Allocation {
  return {
    frameworkId: toId(framework),
    shares: shares.map(([agentId, text, role = 'web']) => ({
      agentId: toId(agentId),
      role,
      resources: parsed(text).allocate(role),
    })),
  };
}

t.test('one event carries all offers of a pass', (t) => {
  const given = givenMaster().agent('a1').agent('a2').framework('f1');
  const allocation = granted('f1', ['a1', 'cpus:2;mem:64'], ['a2', 'cpus:1']);
  const effects = makeOffers(given.state, allocation, given.env);
  const [event, ...more] = eventsTo(effects, 'f1');
  t.strictSame(more, []);
  t.match(event?.offers?.offers, [
    {
      id: { value: 'm-O0' },
      frameworkId: { value: 'f1' },
      agentId: { value: 'a1' },
      hostname: 'a1.example',
      url: {
        scheme: 'http',
        address: { hostname: 'a1.example', ip: 'a1', port: 5051 },
        path: '/slave(1)',
      },
      allocationInfo: { role: 'web' },
      resources: [
        { name: 'cpus', scalar: { value: 2 }, allocationInfo: { role: 'web' } },
        { name: 'mem', scalar: { value: 64 }, allocationInfo: { role: 'web' } },
      ],
    },
    { id: { value: 'm-O1' }, agentId: { value: 'a2' } },
  ]);
  t.strictSame(recovered(effects), []);
  t.equal(given.getAgent('a1').offers.size, 1);
  t.equal(given.getFramework('f1').offers.size, 2);
  t.end();
});

t.test('what can no longer be offered goes back at once', (t) => {
  const given = givenMaster().agent('a1').agent('a2').framework('f1');
  given.getAgent('a2').disconnect();
  const allocation = granted(
    'f1',
    ['a1', 'cpus:1'],
    ['a2', 'cpus:2'],
    ['gone', 'cpus:3'],
    ['a1', 'cpus:4', 'left'],
  );
  const effects = makeOffers(given.state, allocation, given.env);
  t.equal(eventsTo(effects, 'f1')[0]?.offers?.offers.length, 1);
  t.strictSame(recovered(effects), [
    'cpus(allocated: web):2',
    'cpus(allocated: web):3',
    'cpus(allocated: left):4',
  ]);
  t.end();
});

t.test('a framework that is gone or disconnected is offered nothing', (t) => {
  const given = givenMaster().agent('a1').framework('f1');
  given.state.disconnectFramework(given.getFramework('f1'));
  for (const framework of ['f1', 'unknown']) {
    const allocation = granted(framework, ['a1', 'cpus:1']);
    const effects = makeOffers(given.state, allocation, given.env);
    t.strictSame(recovered(effects), ['cpus(allocated: web):1']);
    t.equal(given.state.offers.size, 0);
  }
  t.end();
});

t.test('a framework of one role sees resources as it always has', (t) => {
  const given = givenMaster()
    .agent('a1')
    .framework('old', { roles: [], role: 'ops', capabilities: [] });
  const shares = granted('old', ['a1', 'cpus:1;mem(ops):32', 'ops']);
  const [event] = eventsTo(makeOffers(given.state, shares, given.env), 'old');
  const [offer] = event?.offers?.offers ?? [];
  t.equal(offer?.allocationInfo, undefined);
  t.match(offer?.resources, [
    { name: 'cpus', role: '*', allocationInfo: undefined, reservations: [] },
    { name: 'mem', role: 'ops', allocationInfo: undefined, reservations: [] },
  ]);
  t.end();
});

t.test('an offer names the executors the framework has on the agent', (t) => {
  const given = givenMaster().agent('a1').framework('f1');
  const executor = { executorId: { value: 'e1' }, resources: [] };
  given.state.addExecutor(toId('f1'), toId('a1'), executor);
  const effects = makeOffers(given.state, granted('f1', ['a1', 'cpus:1']), given.env);
  const [event] = eventsTo(effects, 'f1');
  t.strictSame(event?.offers?.offers[0]?.executorIds, [{ value: 'e1' }]);
  t.end();
});
