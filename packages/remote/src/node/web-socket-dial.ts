// Dialling by WebSocket, with `ws`.
import { type RawData, WebSocket } from 'ws';
import type { Dial, LinkSocket } from '../link-socket.ts';

/** Dials `ws://<address><path>`. */
export function webSocketDial(path: string): Dial {
  return (address, { frameBytesMax }, events): LinkSocket => {
    let socket: WebSocket;
    try {
      socket = new WebSocket(`ws://${address}${path}`, {
        perMessageDeflate: false,
        maxPayload: frameBytesMax,
        skipUTF8Validation: true,
        // Masks protect proxies from pages; between nodes they would only cost time. A mask of zeros is none.
        generateMask: (mask) => {
          mask.fill(0);
        },
      });
    } catch (error) {
      queueMicrotask(() => events.closed(1006, `'${address}' cannot be dialled: ${String(error)}`));
      return NO_SOCKET;
    }
    let failure = '';
    let isTooLarge = false;
    socket.on('open', () => events.opened());
    socket.on('message', (data: RawData) => events.frame(data as Buffer));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      failure = error.message === '' ? (error.code ?? 'unknown failure') : error.message;
      isTooLarge ||= error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH';
    });
    socket.once('close', (code, reason) => {
      const text = reason.length > 0 ? reason.toString() : failure;
      events.closed(isTooLarge ? 1009 : code, text);
    });
    return {
      get bufferedBytes() {
        return socket.bufferedAmount;
      },
      send(frame) {
        if (socket.readyState === WebSocket.OPEN) socket.send(frame, { binary: true });
      },
      close: (code, reason) => socket.close(code, reason),
      abort: () => socket.terminate(),
    };
  };
}

const NO_SOCKET: LinkSocket = {
  bufferedBytes: 0,
  send: () => undefined,
  close: () => undefined,
  abort: () => undefined,
};
