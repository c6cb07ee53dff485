// What runs in the second thread of the thread benchmark: counts what it takes and echoes what it is asked.
import {
  ask,
  decodeBytes,
  decodeInteger,
  decodeNothing,
  defineActor,
  defineProtocol,
  message,
} from '@kaon/actor';

/** What it answers to. */
export const threadSinkProtocol = defineProtocol({
  take: message(decodeBytes),
  taken: ask(decodeNothing, decodeInteger),
  echo: ask(decodeBytes, decodeBytes),
});

/** Counts and echoes. */
export const threadSink = defineActor(threadSinkProtocol, (_ctx, _options: undefined) => {
  let taken = 0;
  return {
    receive: {
      take: () => {
        taken += 1;
      },
      taken: () => taken,
      echo: (body) => body,
    },
  };
});
