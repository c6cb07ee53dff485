// Calls about the master's log: how verbose it is, and reading it.
import { type HttpAnswer, textAnswer } from '@kaon/http';
import { LOG_READ_BYTES_MAX } from '../../constants.ts';
import { isLogPath } from '../../log-file.ts';
import { answered, type CallHandler } from './call-handler.ts';

const NOT_FOUND: HttpAnswer = textAnswer(404, '');

/** GET_LOGGING_LEVEL */
export const getLoggingLevelCall: CallHandler = async (_call, { log }) => ({
  kind: 'response',
  response: { type: 'GET_LOGGING_LEVEL', getLoggingLevel: { level: log.level?.level ?? 0 } },
});

/** SET_LOGGING_LEVEL: for a while. */
export const setLoggingLevelCall: CallHandler = async ({ setLoggingLevel }, { log }) => {
  const { level = 0, duration } = setLoggingLevel ?? {};
  const durationMs = (duration?.nanoseconds ?? 0) / 1e6;
  log.level?.set(level, durationMs);
  return answered({ status: 200 });
};

/** LIST_FILES: the log is a file, so there is nothing in it. */
export const listFilesCall: CallHandler = async ({ listFiles }, { log }) => {
  const isThere = isLogPath(listFiles?.path ?? '') && (await log.file?.read(0, 0)) !== undefined;
  if (!isThere) return answered(NOT_FOUND);
  return { kind: 'response', response: { type: 'LIST_FILES', listFiles: { fileInfos: [] } } };
};

/** READ_FILE: a part of the log, 64 KiB at most. */
export const readFileCall: CallHandler = async ({ readFile }, { log }) => {
  const { path = '', offset = 0, length = LOG_READ_BYTES_MAX } = readFile ?? {};
  const part = isLogPath(path)
    ? await log.file?.read(offset, Math.min(length, LOG_READ_BYTES_MAX))
    : undefined;
  if (part === undefined) return answered(NOT_FOUND);
  const { bytes: data, sizeBytes: size } = part;
  return { kind: 'response', response: { type: 'READ_FILE', readFile: { size, data } } };
};
