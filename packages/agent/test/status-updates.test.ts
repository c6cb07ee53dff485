// Status updates on their way: in order, retried, acknowledged, never forgotten.
import t from 'tap';
import { AGENT_ID, givenTask, SimulatedAgent } from './builders/simulated-agent.ts';

t.test('a task runs, and each of its updates waits for the one before', async (t) => {
  const world = await SimulatedAgent.start(t, {
    runs: { true: { kind: 'runs', durationMs: 100 } },
  });
  await world.register();
  await world.run(givenTask('t1'));
  await world.sim.advance(1000);

  t.strictSame(world.heardStates, ['TASK_STARTING'], 'only the head is forwarded');
  const first = await world.acknowledge();
  t.match(first.status, {
    source: 'SOURCE_EXECUTOR',
    agentId: { value: AGENT_ID },
    executorId: { value: 't1' },
    containerStatus: {
      networkInfos: [{ ipAddresses: [{ protocol: 'IPv4', ipAddress: '10.0.0.2' }] }],
      executorPid: 1000,
    },
  });
  const second = await world.acknowledge();
  t.match(second, { status: { state: 'TASK_RUNNING' }, latestState: 'TASK_FINISHED' });
  const last = await world.acknowledge();
  t.match(last.status, { state: 'TASK_FINISHED', message: 'Command exited with status 0' });
  t.strictSame(world.heardStates, []);
  const left = await world.inspect((state) => [state.frameworks.size, state.streamCount]);
  t.strictSame(left, [0, 0], 'nothing is left of it');
  t.strictSame(world.sim.deadLetters, []);
});
