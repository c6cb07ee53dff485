// Frames made by hand, so that tests can say what no node would.
import { PROTOCOL_VERSION } from '@kaon/remote';

/** The hello of a hand-made node; fields may be replaced. */
export function hello(
  dialled: string,
  changes: Readonly<Record<string, unknown>> = {},
): Uint8Array {
  return Buffer.from(
    JSON.stringify({
      kaon: PROTOCOL_VERSION,
      address: 'hand:1',
      incarnation: 'first',
      dialled,
      connection: 'c1',
      previous: '',
      frameBytesMax: 1_000_000,
      ...changes,
    }),
  );
}

/** The welcome of a hand-made node. */
export function welcome(
  address: string,
  changes: Readonly<Record<string, unknown>> = {},
): Uint8Array {
  return Buffer.from(
    JSON.stringify({
      kaon: PROTOCOL_VERSION,
      address,
      incarnation: 'first',
      frameBytesMax: 1_000_000,
      ...changes,
    }),
  );
}

/** Fields of a record; absent ones are 0. */
export interface RecordFields {
  readonly kind: number;
  readonly flags?: number;
  readonly name?: number;
  readonly to?: number;
  readonly from?: number;
  readonly correlation?: number;
  readonly body?: string | Uint8Array;
}

/** The bytes of one record. */
export function record({ kind, flags, name, to, from, correlation, body }: RecordFields): Buffer {
  const bytes = Buffer.from(body ?? '');
  const header = Buffer.alloc(12);
  header[0] = kind;
  header[1] = flags ?? 0;
  header.writeUInt16LE(name ?? 0, 2);
  header.writeUInt16LE(to ?? 0, 4);
  header.writeUInt16LE(from ?? 0, 6);
  header.writeUInt32LE(bytes.length, 8);
  if (correlation === undefined) return Buffer.concat([header, bytes]);
  const extra = Buffer.alloc(4);
  extra.writeUInt32LE(correlation);
  return Buffer.concat([header, extra, bytes]);
}

/** Announces `text` as `index` in a table: 0 receivers, 1 senders, 2 names. */
export function announce(table: number, index: number, text: string): Buffer {
  return record({ kind: 1, flags: table, name: index, body: text });
}

/** What the first frame of a connection says, as JSON. */
export function parsed(frame: Uint8Array | undefined): Record<string, unknown> {
  return JSON.parse(Buffer.from(frame ?? []).toString()) as Record<string, unknown>;
}
