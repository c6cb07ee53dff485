// A timer wheel: one repeating timer for any number of sessions that end when they fall silent.
import {
  ask,
  decodeInteger,
  decodeNothing,
  decodeString,
  defineActor,
  defineProtocol,
  message,
} from '@kaon/actor';
import { Simulation } from '@kaon/testkit';

const TICK_MS = 1000;
const SLOTS = 30;
const sessions = defineProtocol({
  touch: message(decodeString),
  open: ask(decodeNothing, decodeInteger),
});

/** Ends sessions that were not touched for half a minute. A touch costs two set operations. */
const sessionsActor = defineActor(sessions, (ctx) => {
  const wheel = Array.from({ length: SLOTS }, () => new Set<string>());
  const slotOf = new Map<string, number>();
  let now = 0;
  ctx.timers.every('tick', TICK_MS, () => {
    now = (now + 1) % SLOTS;
    for (const id of wheel[now] ?? []) {
      slotOf.delete(id);
      console.log(`${id} ends at ${ctx.clock.monotonicMs() / 1000} s`);
    }
    wheel[now]?.clear();
  });
  return {
    receive: {
      touch: (id) => {
        const before = slotOf.get(id);
        if (before !== undefined) wheel[before]?.delete(id);
        // The slot that is due last: the one that has just been emptied.
        wheel[now]?.add(id);
        slotOf.set(id, now);
      },
      open: () => slotOf.size,
    },
  };
});

// Minutes of it in no time: the clock of a simulation moves by hand.
const sim = new Simulation();
const system = sim.createSystem('shop:1');
const pid = system.spawn(sessionsActor, undefined);
for (let index = 0; index < 3; index += 1) system.send(pid, 'touch', `session ${index}`);
await sim.advance(20_000);
system.send(pid, 'touch', 'session 1');
await sim.advance(15_000);
const open = system.ask(pid, 'open', undefined);
await sim.settle();
console.log(await open, 'open after 35 s');
await sim.advance(60_000);
await sim.close();

// Prints:
// session 0 ends at 30 s
// session 2 ends at 30 s
// 1 open after 35 s
// session 1 ends at 50 s
