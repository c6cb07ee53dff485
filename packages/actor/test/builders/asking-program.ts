// Asks once, prints what came and lets go. Run by `process-exit.test.ts`.
import { ask, createActorSystem, defineActor, defineProtocol } from '@kaon/actor';
import { decodeInteger, decodeNothing } from '@kaon/primitives';

const oracle = defineProtocol({
  know: ask(decodeNothing, decodeInteger),
  wonder: ask(decodeNothing, decodeInteger),
});

const oracleActor = defineActor(oracle, (ctx, _options: undefined) => ({
  receive: { know: () => 7, wonder: () => ctx.later<number>() },
}));

const system = createActorSystem();
const pid = system.spawn(oracleActor, undefined);
if (process.argv[2] === 'silent') {
  await system
    .ask(pid, 'wonder', undefined, { timeoutMs: 50 })
    .catch((error) => console.log(error.code));
} else {
  const answer = await system.ask(pid, 'know', undefined, { timeoutMs: 3_600_000 });
  console.log(`answered ${answer}`);
}
