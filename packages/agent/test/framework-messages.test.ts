// Who may speak to executors without the master in between.
import { defineProtocol, messages } from '@kaon/actor';
import { agentMessages, FRAMEWORK_MESSAGE_BYTES_MAX } from '@kaon/protocol';
import { spawnProbe } from '@kaon/testkit';
import t from 'tap';
import {
  FRAMEWORK_ID,
  givenFramework,
  givenTask,
  SimulatedAgent,
} from './builders/simulated-agent.ts';

const NOTHING = defineProtocol({ ...messages(agentMessages) });

t.test(
  'executors hear the scheduler the master named for their framework, and nobody else',
  async (t) => {
    const world = await SimulatedAgent.start(t);
    await world.register();
    const scheduler = spawnProbe(world.sim.createSystem('10.0.0.9:1'), NOTHING, {
      id: 'scheduler',
    });
    const send = async (agentId: string, bytes: number): Promise<readonly number[]> => {
      scheduler.send(world.agent.pid, 'frameworkToExecutor', {
        agentId: { value: agentId },
        frameworkId: { value: FRAMEWORK_ID },
        executorId: { value: 't1' },
        data: new Uint8Array(bytes),
      });
      await world.sim.settle();
      return world.inspect(({ counters }) => [
        counters.validFrameworkMessages,
        counters.strangerMessages,
      ]);
    };
    t.strictSame(await send('S0', 1), [0, 1], 'nothing of the framework runs here');
    const task = givenTask('t1', 'sleep');
    world.tell('runTask', {
      framework: givenFramework(),
      task,
      pid: scheduler.pid.toString(),
      resourceVersionUuids: [],
    });
    await world.sim.settle();
    t.strictSame(await send('S0', 1), [1, 1]);
    t.strictSame(await send('S1', 1), [1, 2], 'meant for another agent');
    t.strictSame(await send('S0', FRAMEWORK_MESSAGE_BYTES_MAX + 1), [1, 3], 'too large');
    world.tell('updateFramework', {
      frameworkId: { value: FRAMEWORK_ID },
      frameworkInfo: givenFramework(),
      pid: 'successor@10.0.0.9:1',
    });
    await world.sim.settle();
    t.strictSame(await send('S0', 1), [1, 4], 'another scheduler has taken over');
  },
);
