// A protocol and an actor to send over the simulated network.
import { type ActorSystem, ask, defineActor, defineProtocol, message, Pid } from '@kaon/actor';
import { decodeInteger, decodeString, decodeUnknown } from '@kaon/primitives';
import { Simulation, type SimulationOptions } from '@kaon/testkit';

export const chatter = defineProtocol({
  say: message(decodeInteger),
  carry: message(decodeUnknown),
  echo: ask(decodeString, decodeString),
  /** Sends `count` numbers on to the actor `to`. */
  babble: message(decodeInteger),
});

/** Remembers what it hears; `babble` sends numbers to `to`. */
export const chatterActor = defineActor(
  chatter,
  (ctx, options: { readonly heard?: unknown[]; readonly to?: Pid<typeof chatter> }) => ({
    receive: {
      say: (value) => void options.heard?.push(value),
      carry: (value) => void options.heard?.push(value),
      echo: (text) => text,
      babble: (count) => {
        if (!options.to) return;
        for (let value = 0; value < count; value += 1) ctx.send(options.to, 'say', value);
      },
    },
    exited: (pid, reason) => void options.heard?.push(`${pid} ${reason}`),
  }),
);

/** The chatter called `id` at `address`, known by its text alone. */
export function chatterAt(address: string, id = 'chatter'): Pid<typeof chatter> {
  return new Pid(id, address, chatter);
}

export interface Pair {
  readonly sim: Simulation;
  readonly a: ActorSystem;
  readonly b: ActorSystem;
  /** What the chatter at `b:2` heard. */
  readonly heard: unknown[];
}

/** Systems at `a:1` and `b:2`, each with a chatter; the one at `a:1` babbles to the other. */
export function givenPair(
  t: { teardown(run: () => Promise<void>): void },
  options?: SimulationOptions,
): Pair {
  const sim = new Simulation(options);
  t.teardown(() => sim.close());
  const heard: unknown[] = [];
  const a = sim.createSystem('a:1');
  const b = sim.createSystem('b:2');
  a.spawn(chatterActor, { to: chatterAt('b:2') }, { id: 'chatter' });
  b.spawn(chatterActor, { heard }, { id: 'chatter' });
  return { sim, a, b, heard };
}
