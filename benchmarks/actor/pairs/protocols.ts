// What the two ends of Kaon's remote pair tell each other.
import {
  decodeBytes,
  decodeInteger,
  decodeNothing,
  decodeString,
  defineProtocol,
  message,
} from '@kaon/actor';

/** The end that is measured from. */
export const sourceProtocol = defineProtocol({
  ready: message(decodeNothing),
  credit: message(decodeInteger),
  pong: message(decodeBytes),
});

/** The other end. */
export const sinkProtocol = defineProtocol({
  /** Whom to answer, as a PID's text. */
  open: message(decodeString),
  take: message(decodeBytes),
  ping: message(decodeBytes),
});
