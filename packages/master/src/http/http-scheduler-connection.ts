// A scheduler's event stream over HTTP.
import { type BodyEncoding, type HttpExchange, MEDIA_TYPES, RecordAnswer } from '@kaon/http';
import { utf8 } from '@kaon/primitives';
import { encodeJson, encodeProto, schedulerV1 } from '@kaon/protocol';
import { SCHEDULER_STREAM_BYTES_MAX } from '../constants.ts';
import type { SchedulerConnection } from '../scheduler-connection.ts';

/** The stream that answers a `SUBSCRIBE`. */
export class HttpSchedulerConnection
  extends RecordAnswer<schedulerV1.Event>
  implements SchedulerConnection
{
  readonly streamId: string;

  constructor(exchange: HttpExchange, encoding: BodyEncoding, streamId: string) {
    super(exchange, {
      headers: { 'Mesos-Stream-Id': streamId, 'Content-Type': MEDIA_TYPES[encoding] },
      // An agent may send a number that its field cannot hold in protobuf.
      encode: (event) =>
        encoding === 'json'
          ? utf8(encodeJson(schedulerV1.Event, event))
          : encodeProto(schedulerV1.Event, event),
      bufferedBytesMax: SCHEDULER_STREAM_BYTES_MAX,
    });
    this.streamId = streamId;
  }
}
