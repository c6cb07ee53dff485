// Events on their way to subscribers: each encoded once per encoding in use, kept until the last one has it.
import { type BodyEncoding, type Chunk, chunk, encodeRecord } from '@kaon/http';
import { utf8 } from '@kaon/primitives';
import { encodeJson, encodeProto, masterV1 } from '@kaon/protocol';

/** One event, framed, in the encodings somebody wanted when it came. */
interface Entry {
  readonly json: Chunk | undefined;
  readonly protobuf: Chunk | undefined;
}

/** Numbered events. */
export class EventLog {
  #entries: Entry[] = [];
  #first = 0;
  #bytes = 0;

  /** The number of the next event. */
  get end(): number {
    return this.#first + this.#entries.length;
  }

  /** Bytes of all events that are kept. */
  get bytes(): number {
    return this.#bytes;
  }

  /** False for an event that cannot be said in an encoding: an agent may send a number its field cannot hold. */
  add(event: masterV1.Event, encodings: ReadonlySet<BodyEncoding>): boolean {
    try {
      const entry: Entry = {
        json: encodings.has('json')
          ? chunk(encodeRecord(utf8(encodeJson(masterV1.Event, event))))
          : undefined,
        protobuf: encodings.has('protobuf')
          ? chunk(encodeRecord(encodeProto(masterV1.Event, event)))
          : undefined,
      };
      this.#entries.push(entry);
      this.#bytes += sizeOf(entry);
      return true;
    } catch {
      return false;
    }
  }

  /** The record of an event that is kept. */
  record(number: number, encoding: BodyEncoding): Chunk | undefined {
    return this.#entries[number - this.#first]?.[encoding];
  }

  /** Nobody needs events before `number` any more. */
  forgetBefore(number: number): void {
    const count = Math.min(this.#entries.length, number - this.#first);
    if (count <= 0) return;
    for (const entry of this.#entries.slice(0, count)) this.#bytes -= sizeOf(entry);
    this.#entries = this.#entries.slice(count);
    this.#first += count;
  }
}

function sizeOf({ json, protobuf }: Entry): number {
  return (json?.data.length ?? 0) + (protobuf?.data.length ?? 0);
}
