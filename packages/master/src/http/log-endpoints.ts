// `/files/*`: the master's log. Every master answers them, leading or not.
import {
  type HttpAnswer,
  type HttpRequest,
  notFoundAnswer,
  queryNumber,
  queryPath,
  textAnswer,
} from '@kaon/http';
import { fromUtf8, wholeUtf8 } from '@kaon/primitives';
import { LOG_DOWNLOAD_BYTES_MAX, LOG_READ_BYTES_MAX } from '../constants.ts';
import { isLogPath, LOG_PATH } from '../log-file.ts';
import type { MasterLog } from './calls/call-handler.ts';
import { type Answer, handle, json } from './endpoint-answers.ts';
import type { Routes } from './endpoint-context.ts';

/** 404 as `browse` and `read` give it: without a word. */
const NOT_FOUND = textAnswer(404, '');

/** Mounts the endpoints; they are not below `/master`, as in Mesos. */
export function mountLogEndpoints(routes: Routes, log: MasterLog): void {
  const files: Readonly<Record<string, Answer>> = {
    browse: (request) => browse(request, log),
    read: (request) => read(request, log),
    download: (request) => download(request, log),
    debug: (request) => json(request, new Map(log.file ? [[LOG_PATH, log.file.path]] : [])),
  };
  for (const [name, answer] of Object.entries(files)) {
    for (const path of [`/files/${name}`, `/files/${name}.json`]) {
      routes.route('*', path, handle(answer));
    }
  }
}

async function browse(request: HttpRequest, { file }: MasterLog): Promise<HttpAnswer> {
  const path = queryPath(request);
  if (!path.ok) return path.error;
  const isThere = isLogPath(path.value) && (await file?.read(0, 0)) !== undefined;
  return isThere ? json(request, []) : NOT_FOUND;
}

async function read(request: HttpRequest, { file }: MasterLog): Promise<HttpAnswer> {
  const path = queryPath(request);
  if (!path.ok) return path.error;
  const offset = queryNumber(request, 'offset');
  if (!offset.ok) return offset.error;
  const length = queryNumber(request, 'length');
  if (!length.ok) return length.error;
  // Without an offset only the size is told, as `offset`.
  const wantsSize = offset.value === -1;
  const wanted = length.value === -1 ? LOG_READ_BYTES_MAX : length.value;
  const bytesMax = wantsSize ? 0 : Math.min(wanted, LOG_READ_BYTES_MAX);
  const from = Math.max(0, offset.value);
  const part = isLogPath(path.value) ? await file?.read(from, bytesMax) : undefined;
  if (part === undefined) return NOT_FOUND;
  const isCut = from + part.bytes.length < part.sizeBytes;
  return json(request, {
    data: fromUtf8(isCut ? wholeUtf8(part.bytes) : part.bytes),
    offset: wantsSize ? part.sizeBytes : from,
  });
}

async function download(request: HttpRequest, { file }: MasterLog): Promise<HttpAnswer> {
  const path = queryPath(request);
  if (!path.ok) return path.error;
  const part = isLogPath(path.value) ? await file?.read(0, LOG_DOWNLOAD_BYTES_MAX) : undefined;
  if (file === undefined || part === undefined) return notFoundAnswer();
  if (part.sizeBytes > LOG_DOWNLOAD_BYTES_MAX) {
    const text = `The file has ${part.sizeBytes} bytes, at most ${LOG_DOWNLOAD_BYTES_MAX} can be downloaded; use /files/read\n`;
    return textAnswer(413, text);
  }
  return {
    status: 200,
    headers: {
      'Content-Disposition': `attachment; filename=${file.name.replace(/[^\w.+-]/g, '_')}`,
      'Content-Type': 'application/octet-stream',
    },
    body: part.bytes,
  };
}
