// `/files/*`: what tasks wrote into their sandboxes, with Mesos' statuses and texts.

import { posix } from 'node:path';
import {
  type HttpAnswer,
  type HttpRequest,
  notFoundAnswer,
  queryNumber,
  queryPath,
  textAnswer,
} from '@kaon/http';
import { fromUtf8, wholeUtf8 } from '@kaon/primitives';
import { type JsonValue, jsonDouble } from '@kaon/protocol';
import { FILE_DOWNLOAD_BYTES_MAX, FILE_ENTRIES_MAX, FILE_READ_BYTES_MAX } from '../constants.ts';
import { attachedSandboxes, type ResolvedPath, resolveSandboxPath } from '../views/sandboxes.ts';
import { type EndpointContext, jsonpAnswer, look } from './context.ts';
import type { ReadProblem, SandboxEntry } from './sandbox-reader.ts';

/** 404 as `browse` and `read` give it: without a word. */
const NOT_FOUND = textAnswer(404, '');

/** `/files/read?path=P&offset=O&length=L`: without an offset only the size is told, as `offset`. */
export async function readFileEndpoint(
  request: HttpRequest,
  context: EndpointContext,
): Promise<HttpAnswer> {
  const path = queryPath(request);
  if (!path.ok) return path.error;
  const offset = queryNumber(request, 'offset');
  if (!offset.ok) return offset.error;
  const length = queryNumber(request, 'length');
  if (!length.ok) return length.error;
  const place = await locate(context, path.value);
  if (!place) return NOT_FOUND;

  const wantsSize = offset.value === -1;
  const wanted = length.value === -1 ? FILE_READ_BYTES_MAX : length.value;
  const bytesMax = wantsSize ? 0 : Math.min(wanted, FILE_READ_BYTES_MAX);
  const from = Math.max(0, offset.value);
  const read = await context.sandboxes.read(place.root, place.path, from, bytesMax);
  if (read.kind !== 'read') return problemAnswer(read.kind, 'read');
  const isCut = from + read.bytes.length < read.sizeBytes;
  return jsonpAnswer(request, {
    data: fromUtf8(isCut ? wholeUtf8(read.bytes) : read.bytes),
    offset: wantsSize ? read.sizeBytes : from,
  });
}

/** `/files/browse?path=P`: the entries of a folder; none for a file. */
export async function browseFilesEndpoint(
  request: HttpRequest,
  context: EndpointContext,
): Promise<HttpAnswer> {
  const path = queryPath(request);
  if (!path.ok) return path.error;
  const place = await locate(context, path.value);
  if (!place) return NOT_FOUND;
  const listed = await context.sandboxes.list(place.root, place.path, FILE_ENTRIES_MAX);
  if (listed.kind !== 'listed') return listed.kind === 'notFile' ? emptyList(request) : NOT_FOUND;
  const entries: JsonValue[] = [];
  for (const entry of listed.entries) entries.push(await entryJson(context, path.value, entry));
  return jsonpAnswer(request, entries);
}

/** `/files/download?path=P`: the bytes as they are. */
export async function downloadFileEndpoint(
  request: HttpRequest,
  context: EndpointContext,
): Promise<HttpAnswer> {
  const path = queryPath(request);
  if (!path.ok) return path.error;
  const place = await locate(context, path.value);
  if (!place) return notFoundAnswer();
  const { root } = place;
  const read = await context.sandboxes.read(root, place.path, 0, FILE_DOWNLOAD_BYTES_MAX);
  if (read.kind !== 'read') return problemAnswer(read.kind, 'download');
  if (read.sizeBytes > FILE_DOWNLOAD_BYTES_MAX) {
    const text = `The file has ${read.sizeBytes} bytes, at most ${FILE_DOWNLOAD_BYTES_MAX} can be downloaded; use /files/read\n`;
    return textAnswer(413, text);
  }
  const name = posix.basename(place.path).replace(/[^\w.+-]/g, '_');
  return {
    status: 200,
    headers: {
      'Content-Disposition': `attachment; filename=${name}`,
      'Content-Type': 'application/octet-stream',
    },
    body: read.bytes,
  };
}

/** `/files/debug`: which paths lead where. */
export async function debugFilesEndpoint(
  request: HttpRequest,
  context: EndpointContext,
): Promise<HttpAnswer> {
  const attached = await look(context, attachedSandboxes);
  const sorted = [...attached].sort(([left], [right]) => (left < right ? -1 : 1));
  return jsonpAnswer(request, Object.fromEntries(sorted));
}

function locate(context: EndpointContext, path: string): Promise<ResolvedPath | undefined> {
  return look(context, (state) => resolveSandboxPath(state, path));
}

function problemAnswer(problem: ReadProblem, verb: 'read' | 'download'): HttpAnswer {
  if (problem === 'notFile') return textAnswer(400, `Cannot ${verb} a directory.\n`);
  return verb === 'read' ? NOT_FOUND : notFoundAnswer();
}

function emptyList(request: HttpRequest): HttpAnswer {
  return jsonpAnswer(request, []);
}

async function entryJson(
  { sandboxes }: EndpointContext,
  folder: string,
  { name, stat }: SandboxEntry,
): Promise<JsonValue> {
  const owner = await sandboxes.ownerNames(stat.userId, stat.groupId);
  return {
    gid: owner.group,
    mode: modeText(stat.mode),
    mtime: jsonDouble(Math.floor(stat.modifiedMs / 1000)),
    nlink: stat.links,
    path: posix.join(folder, name),
    size: stat.sizeBytes,
    uid: owner.user,
  };
}

const TYPE_LETTERS: Readonly<Record<number, string>> = {
  1: 'p',
  2: 'c',
  4: 'd',
  6: 'b',
  8: '-',
  10: 'l',
  12: 's',
};

/** `-rw-r--r--` of `st_mode`. */
function modeText(mode: number): string {
  const type = TYPE_LETTERS[(mode >> 12) & 0o17] ?? '-';
  const triple = (bits: number, isSpecial: boolean, letter: string): string => {
    const execute = bits & 1 ? (isSpecial ? letter : 'x') : isSpecial ? letter.toUpperCase() : '-';
    return `${bits & 4 ? 'r' : '-'}${bits & 2 ? 'w' : '-'}${execute}`;
  };
  return [
    type,
    triple((mode >> 6) & 7, (mode & 0o4000) !== 0, 's'),
    triple((mode >> 3) & 7, (mode & 0o2000) !== 0, 's'),
    triple(mode & 7, (mode & 0o1000) !== 0, 't'),
  ].join('');
}
