// Supervision: a child that fails starts anew; when it fails too often, its parent fails with it.
import {
  ask,
  createActorSystem,
  decodeInteger,
  decodeString,
  defineActor,
  defineProtocol,
} from '@kaon/actor';

const parser = defineProtocol({ parse: ask(decodeString, decodeInteger) });

const parserActor = defineActor(parser, (_ctx, { name }: { readonly name: string }) => {
  console.log(`${name} starts`);
  let lines = 0;
  return {
    receive: {
      parse: (text) => {
        JSON.parse(text);
        lines += 1;
        return lines;
      },
    },
    stopping: () => console.log(`${name} ends`),
  };
});

const deskActor = defineActor(parser, (ctx) => {
  console.log('desk starts');
  const child = ctx.spawn(
    parserActor,
    { name: 'parser' },
    {
      // The second failure within a minute is one too many: then the desk fails as well.
      supervision: { onFailure: 'restart', restartsMax: 1, windowMs: 60_000 },
    },
  );
  return { receive: { parse: (text) => ctx.delegate(child, 'parse', text) } };
});

const system = createActorSystem();
const desk = system.spawn(deskActor, undefined, {
  supervision: { onFailure: 'restart', restartsMax: 5, windowMs: 60_000 },
});
for (const text of ['{}', '[]', '{', '{}', '}', '{}']) {
  await system.ask(desk, 'parse', text).then(
    (lines) => console.log(`${text} is line ${lines}`),
    (error) => console.log(`${text} ${error.code}`),
  );
}
await system.shutdown();

// Prints:
// desk starts
// parser starts
// {} is line 1
// [] is line 2
// parser ends
// parser starts
// { KAON_ASK_FAILED
// {} is line 1
// parser ends
// desk starts
// parser starts
// } KAON_ASK_FAILED
// {} is line 1
// parser ends
