// Two processes: the same `ask`, a PID from the command line, and a link that tells of the other's end.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { ask, decodeString, defineActor, defineProtocol, type Pid, pidOf } from '@kaon/actor';
import { startNode } from '@kaon/remote';

const greeter = defineProtocol({ greet: ask(decodeString, decodeString) });

const greeterActor = defineActor(greeter, () => ({
  receive: { greet: (name, from) => `hello, ${name} (I see you as ${from.id})` },
}));

const visitor = defineActor(
  defineProtocol({}),
  (ctx, { to, done }: { readonly to: Pid<typeof greeter>; readonly done: () => void }) => {
    ctx.link(to);
    ctx.ask(
      to,
      'greet',
      'world',
      { timeoutMs: 10_000 },
      (answer) => {
        console.log(answer);
        done();
      },
      (error) => console.log(error.code),
    );
    return {
      receive: {},
      exited: (pid, reason) => {
        console.log(`${pid.id} ${reason}`);
        ctx.stop();
      },
    };
  },
);

const node = await startNode();
if (process.send) {
  // The second process: says where it can be found, and lives until it is killed.
  process.send(node.system.spawn(greeterActor, undefined, { id: 'greeter' }).toString());
} else {
  const child = fork(process.argv[1] as string);
  const [place] = (await once(child, 'message')) as [string];
  const pid = pidOf(greeter, place);
  if (!pid.ok) throw new Error(pid.error);
  const done = (): void => void child.kill('SIGKILL');
  await node.system.terminated(
    node.system.spawn(visitor, { to: pid.value, done }, { id: 'visitor' }),
  );
  await node.close();
}

// Prints:
// hello, world (I see you as visitor)
// greeter unreachable
