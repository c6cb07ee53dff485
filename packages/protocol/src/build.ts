// Which build this is, as `/version` and `/state` say it.
import { type JsonObject, jsonDouble } from './codec/json-text.ts';
import type { VersionInfo } from './generated/mesos-v1.ts';
import { MESOS_VERSION } from './version.ts';

/** A release has no build host and no moment of its own: it is the same wherever it is installed. */
export const BUILD = {
  version: MESOS_VERSION,
  buildDate: '1970-01-01 00:00:00 UTC',
  buildTime: 0,
  buildUser: 'kaon',
} as const satisfies VersionInfo;

/** The answer of `/version`. */
export function versionJson(): JsonObject {
  return {
    build_date: BUILD.buildDate,
    build_time: jsonDouble(BUILD.buildTime),
    build_user: BUILD.buildUser,
    version: BUILD.version,
  };
}
