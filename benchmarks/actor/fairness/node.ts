// The process under test: a node with one HTTP route, a 10 ms timer and, when told so, an actor that
// floods itself. The client is its parent.
import { defineActor, defineProtocol, localAsk, localMessage } from '@kaon/actor';
import { textAnswer } from '@kaon/http';
import { startNode } from '@kaon/remote';
import { endWithParent } from '../../orphans.ts';

/** Messages the flooding actor always has waiting. */
const FLOOD_DEPTH = 1000;
const TIMER_MS = 10;

endWithParent();

const flooding = defineProtocol({ again: localMessage<undefined>() });
const flooder = defineActor(flooding, (ctx, _options: undefined) => ({
  receive: { again: () => ctx.send(ctx.self, 'again', undefined) },
}));

const ticking = defineProtocol({ latenessesMs: localAsk<undefined, readonly number[]>() });
const ticker = defineActor(ticking, (ctx, _options: undefined) => {
  const latenessesMs: number[] = [];
  const arm = (): void => {
    const dueMs = performance.now() + TIMER_MS;
    ctx.timers.once('tick', TIMER_MS, () => {
      latenessesMs.push(Math.max(0, performance.now() - dueMs));
      arm();
    });
  };
  arm();
  return { receive: { latenessesMs: () => latenessesMs } };
});

const node = await startNode({
  addRoutes: (http) => {
    http.route('GET', '/ping', (exchange) => exchange.respond(textAnswer(200, 'pong')));
  },
});
const { system } = node;
if (process.argv[2] === 'flood') {
  const pid = system.spawn(flooder, undefined);
  for (let index = 0; index < FLOOD_DEPTH; index += 1) system.send(pid, 'again', undefined);
}
const timer = system.spawn(ticker, undefined);
process.on('message', () => {
  void system.ask(timer, 'latenessesMs', undefined).then((latenesses) => {
    process.send?.({ latenesses });
  });
});
process.send?.({ address: node.address });
