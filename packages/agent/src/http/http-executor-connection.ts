// An executor's event stream over HTTP.
import { type BodyEncoding, type HttpExchange, MEDIA_TYPES, RecordAnswer } from '@kaon/http';
import { utf8 } from '@kaon/primitives';
import { encodeJson, encodeProto, executorV1 } from '@kaon/protocol';
import { EXECUTOR_STREAM_BYTES_MAX } from '../constants.ts';
import type { ExecutorConnection } from '../executor-connection.ts';

/** The stream that answers a `SUBSCRIBE`. */
export class HttpExecutorConnection
  extends RecordAnswer<executorV1.Event>
  implements ExecutorConnection
{
  constructor(exchange: HttpExchange, encoding: BodyEncoding) {
    super(exchange, {
      headers: { 'Content-Type': MEDIA_TYPES[encoding] },
      // A framework may send a number that its field cannot hold in protobuf.
      encode: (event) =>
        encoding === 'json'
          ? utf8(encodeJson(executorV1.Event, event))
          : encodeProto(executorV1.Event, event),
      bufferedBytesMax: EXECUTOR_STREAM_BYTES_MAX,
    });
  }
}
