// Which build this is, as `/version` and `/state` say it.
import { MESOS_VERSION } from '@kaon/protocol';
import { double, type JsonValue } from './json-text.ts';

/** A release has no build host and no moment of its own: it is the same wherever it is installed. */
export const BUILD = {
  buildDate: '1970-01-01 00:00:00 UTC',
  buildTime: 0,
  buildUser: 'kaon',
} as const;

/** The answer of `/version`. */
export function versionJson(): JsonValue {
  return {
    build_date: BUILD.buildDate,
    build_time: double(BUILD.buildTime),
    build_user: BUILD.buildUser,
    version: MESOS_VERSION,
  };
}
