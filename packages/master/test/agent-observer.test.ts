// The observer of one agent, alone with a probe.
import { defineProtocol, messages } from '@kaon/actor';
import { type AgentId, agentMessages, toId } from '@kaon/protocol';
import { Simulation, spawnProbe } from '@kaon/testkit';
import t, { type Test } from 'tap';
import { agentObserver, observerProtocol } from '#master/agent-observer';
import { agentProtocol } from '#master/protocol';

const PING_MS = 15_000;

async function givenObserver(t: Test) {
  const sim = new Simulation();
  t.teardown(() => sim.close());
  const system = sim.createSystem('m:1');
  const probe = spawnProbe(system, agentProtocol, { id: 'agent' });
  const silent: string[] = [];
  const observer = system.spawn(agentObserver, {
    agent: probe.pid,
    agentId: toId<AgentId>('a1'),
    pingTimeoutMs: PING_MS,
    missedPingsMax: 5,
    onUnreachable: (agentId) => {
      silent.push(agentId);
      return undefined;
    },
  });
  const missed = async (): Promise<number> => {
    const asked = system.ask(observer, 'countMissedPings', undefined);
    await sim.settle();
    return (await asked).missedPings;
  };
  await sim.settle();
  return { sim, system, probe, observer, silent, missed };
}

t.test('it pings at once and then at each interval', async (t) => {
  const { sim, probe, observer, silent } = await givenObserver(t);
  for (let round = 0; round < 20; round += 1) {
    const ping = probe.take('ping');
    t.strictSame(ping.body, { connected: true });
    probe.send(observer, 'pong', {});
    await sim.advance(PING_MS);
  }
  t.strictSame(silent, []);
});

t.test('a pong makes it forget what was missed', async (t) => {
  const { sim, probe, observer, silent, missed } = await givenObserver(t);
  await sim.advance(PING_MS * 4);
  t.equal(await missed(), 4);
  probe.send(observer, 'pong', {});
  await sim.settle();
  t.equal(await missed(), 0);
  await sim.advance(PING_MS * 4);
  t.strictSame(silent, []);
});

t.test('after five pings without an answer it reports once, and ends', async (t) => {
  const { sim, system, observer, silent, probe } = await givenObserver(t);
  await sim.advance(PING_MS * 5 - 1);
  t.strictSame(silent, []);
  await sim.advance(1);
  t.strictSame(silent, ['a1']);
  t.equal(await system.terminated(observer), 'stopped');
  const pings = probe.messages.length;
  await sim.advance(PING_MS * 5);
  t.equal(probe.messages.length, pings);
  t.strictSame(silent, ['a1']);
});

t.test(
  'it says what the master thinks of the link, and follows the agent to another PID',
  async (t) => {
    const { sim, system, observer, probe } = await givenObserver(t);
    probe.take('ping');
    system.send(observer, 'agentDisconnected', undefined);
    await sim.advance(PING_MS);
    t.strictSame(probe.take('ping').body, { connected: false });
    const moved = spawnProbe(system, agentProtocol, { id: 'agent-2' });
    system.send(observer, 'agentConnected', { agent: moved.pid });
    await sim.advance(PING_MS);
    t.strictSame(moved.take('ping').body, { connected: true });
    t.strictSame(probe.messages, []);
  },
);

t.test('it hears pongs from other machines', (t) => {
  const agentSide = defineProtocol({ ...messages(agentMessages) });
  t.strictSame(observerProtocol.pong.decode({}), { ok: true, value: {} });
  t.ok(agentSide.ping.decode({ connected: true }).ok);
  t.end();
});
