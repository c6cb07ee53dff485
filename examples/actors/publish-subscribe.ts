// Publish and subscribe: a topic keeps its subscribers by link, so that nobody has to unsubscribe.
import {
  ask,
  createActorSystem,
  decodeInteger,
  decodeNothing,
  decodeString,
  defineActor,
  defineProtocol,
  localMessage,
  message,
  type Pid,
} from '@kaon/actor';

const reader = defineProtocol({ news: message(decodeString) });
const topic = defineProtocol({
  subscribe: localMessage<Pid<typeof reader>>(),
  publish: message(decodeString),
  readers: ask(decodeNothing, decodeInteger),
});

const topicActor = defineActor(topic, (ctx) => {
  const readers = new Map<string, Pid<typeof reader>>();
  return {
    receive: {
      subscribe: (pid) => {
        readers.set(pid.toString(), pid);
        ctx.link(pid);
      },
      publish: (text) => {
        for (const pid of readers.values()) ctx.send(pid, 'news', text);
      },
      readers: () => readers.size,
    },
    exited: (pid) => void readers.delete(pid.toString()),
  };
});

const readerActor = defineActor(reader, (ctx, { to }: { readonly to: Pid<typeof topic> }) => {
  ctx.send(to, 'subscribe', ctx.self);
  return {
    receive: {
      news: (text) => {
        console.log(`${ctx.self.id} reads: ${text}`);
        if (text === 'goodbye' && ctx.self.id === 'ann') ctx.stop();
      },
    },
  };
});

const system = createActorSystem();
const news = system.spawn(topicActor, undefined, { id: 'topic' });
for (const id of ['ann', 'bob']) system.spawn(readerActor, { to: news }, { id });
for (const text of ['hello', 'goodbye']) {
  system.send(news, 'publish', text);
  await system.ask(news, 'readers', undefined);
}
system.send(news, 'publish', 'anybody there?');
console.log(await system.ask(news, 'readers', undefined), 'reader left');
await system.shutdown();

// Prints:
// ann reads: hello
// bob reads: hello
// ann reads: goodbye
// bob reads: goodbye
// bob reads: anybody there?
// 1 reader left
