// The launcher as a port: a small helper process that starts shims, and what it reports.
import type { ProcessIdentity } from './process-table.ts';

/** What the helper can do, and what it found on this machine. */
export interface LauncherFeatures {
  /** The helper makes the system calls itself: no `setsid`, `env` or renaming program is needed. */
  readonly startsDirectly: boolean;
  /** The helper is a shell that hands on exactly the variables it is told to export. */
  readonly exportsCleanly: boolean;
  readonly envPath: string;
  readonly shellPath: string;
  /** Present unless the helper starts directly. */
  readonly setsidPath?: string | undefined;
  readonly setprivPath?: string | undefined;
  readonly bashPath?: string | undefined;
}

/** How a shim says that its command ended. */
export interface ReportedEnd {
  /** Exit code, or a shell's status: 128 and more for a signal. Undefined when `signal` is known. */
  readonly status?: number | undefined;
  readonly signal?: number | undefined;
}

/** A user of this machine. */
export interface UserAccount {
  readonly name: string;
  readonly userId: number;
  readonly groupId: number;
}

/** Who runs the agent, and so whom its containers belong to by default. */
export interface LauncherIdentity {
  readonly userId: number;
  readonly userName: string;
}

/** Told as it happens; of one container always in the order `started`, `exited`, `emptied`. */
export interface LauncherListener {
  /** The command's process exists. */
  readonly started: (containerId: string, task: ProcessIdentity, shim: ProcessIdentity) => void;
  /** The shim is done. Without `started` before: the command could not be started. */
  readonly exited: (containerId: string, end: ReportedEnd) => void;
  /** No process of the container is left. Not every helper can tell. */
  readonly emptied: (containerId: string) => void;
  /** The helper is gone without having been stopped. Shims it started go on and still report. */
  readonly lost: (reason: string) => void;
}

/** Starts shims. One helper at a time; its shims do not depend on it. */
export interface Launcher {
  readonly identity: LauncherIdentity;
  /**
   * Starts a helper, in place of one that was lost.
   *
   * @throws {LauncherError} when it does not come up or the machine lacks what it needs.
   */
  start(listener: LauncherListener): Promise<LauncherFeatures>;
  /** Tells the helper to start the shim of a container whose spec file is written. Fire and forget. */
  launch(containerId: string): void;
  /** Undefined when there is no such user. Rejects when the helper is lost meanwhile. */
  lookUpUser(name: string): Promise<UserAccount | undefined>;
  /** Ends the helper and the reports. Shims go on. */
  stop(): void;
}

/** One line of the helper's or a shim's report. */
export type LauncherReport =
  | { readonly kind: 'ready'; readonly features: LauncherFeatures }
  | { readonly kind: 'unfit'; readonly missing: string }
  | {
      readonly kind: 'started';
      readonly containerId: string;
      readonly task: ProcessIdentity;
      readonly shim: ProcessIdentity;
    }
  | {
      readonly kind: 'exited';
      readonly containerId: string;
      readonly end: ReportedEnd;
      readonly isEmpty: boolean;
    }
  | { readonly kind: 'emptied'; readonly containerId: string }
  | { readonly kind: 'user'; readonly name: string; readonly account: UserAccount | undefined };
