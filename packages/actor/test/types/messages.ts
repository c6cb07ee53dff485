// What must not compile when an actor is told or asked something. Checked by `tsc -b`; never run.
import {
  type ActorContext,
  type ActorSystem,
  ask,
  defineProtocol,
  localMessage,
  message,
  messages,
  type Pid,
  pidOf,
} from '@kaon/actor';
import { decodeInteger, decodeNothing, decodeString } from '@kaon/primitives';

const counter = defineProtocol({
  add: message(decodeInteger),
  wake: localMessage<() => void>(),
  total: ask(decodeNothing, decodeInteger),
  find: ask(decodeString, decodeInteger),
  ...messages({ note: decodeString }),
});

type Counter = Pid<typeof counter>;
const adder = defineProtocol({ add: message(decodeInteger) });

/** What does compile. */
export async function right(system: ActorSystem, ctx: ActorContext, pid: Counter): Promise<void> {
  system.send(pid, 'add', 1);
  system.send(pid, 'wake', () => undefined);
  system.send(pid, 'note', 'text');
  const total: number = await system.ask(pid, 'total', undefined);
  ctx.send(pid, 'add', total);
  ctx.ask(
    pid,
    'find',
    'name',
    { timeoutMs: 10 },
    (answer) => ctx.send(pid, 'add', answer),
    (error) => ctx.send(pid, 'note', error.code),
  );
  // A PID that speaks more may stand where one that speaks less is wanted.
  const narrow: Pid<typeof adder> = pid;
  ctx.send(narrow, 'add', 1);
  ctx.link(pid);
}

/** Names and bodies. */
export function wrongSends(system: ActorSystem, ctx: ActorContext, pid: Counter): void {
  // @ts-expect-error no message of that name
  system.send(pid, 'remove', 1);
  // @ts-expect-error the body is a number
  system.send(pid, 'add', '1');
  // @ts-expect-error the body is text
  ctx.send(pid, 'note', 1);
  // @ts-expect-error the body is missing
  ctx.send(pid, 'add');
  // @ts-expect-error an ask is not told
  ctx.send(pid, 'total', undefined);
  // @ts-expect-error an ask is not told from outside either
  system.send(pid, 'find', 'name');
  // @ts-expect-error a forwarded message has the same body
  ctx.forward(pid, 'add', '1', pid);
}

/** Asks. */
export async function wrongAsks(
  system: ActorSystem,
  ctx: ActorContext,
  pid: Counter,
): Promise<void> {
  // @ts-expect-error a message is not asked
  await system.ask(pid, 'add', 1);
  // @ts-expect-error the question is text
  await system.ask(pid, 'find', 1);
  // @ts-expect-error the answer is a number
  const answer: string = await system.ask(pid, 'total', undefined);
  const takeText = (text: string): void => void text;
  // @ts-expect-error the answer is a number here too
  ctx.ask(pid, 'total', undefined, {}, takeText, () => undefined);
  // @ts-expect-error a failure has to be heard
  ctx.ask(pid, 'total', undefined, {}, () => undefined);
  void answer;
}

/** PIDs keep what they speak. */
export function wrongPids(narrow: Pid<typeof adder>, ctx: ActorContext): void {
  // @ts-expect-error one that speaks less does not stand where more is wanted
  const wide: Counter = narrow;
  const parsed = pidOf(adder, 'x@y:1');
  // @ts-expect-error an unchecked result is no PID
  ctx.send(parsed, 'add', 1);
  // @ts-expect-error what parsed speaks `adder` only
  if (parsed.ok) ctx.send(parsed.value, 'note', 'text');
  void wide;
}
