// In what today's answers are not the recorded ones, and why. The replay fails on a difference that is not
// listed here, and on an entry that is not met any more: this list cannot be out of date.

import type { Difference } from './json-tree.ts';

/** Differences of one kind. */
export interface KnownDifference {
  /** Names of recordings. */
  readonly in: RegExp;
  /** Paths of differences: of members with `*` for places in lists, `(status)`, a header in parentheses. */
  readonly at: RegExp;
  readonly why: string;
  /** Given while the part is being built: then the entry may be met or not. */
  readonly isToCome?: true;
}

/** All of them. */
export const KNOWN_DIFFERENCES: readonly KnownDifference[] = [
  {
    in: /^master\/api_v1\/(LIST_FILES|READ_FILE)/,
    at: /./,
    why: 'no log file is attached: the log goes where the process writes it',
  },
  {
    in: /^master\/get\/other_files_(browse|download|read)~path=_master_log/,
    at: /^\(status\)$/,
    why: 'no log file is attached: the log goes where the process writes it',
  },
  {
    in: /^agent\/(get\/files_browse~path=_slave_log|api_v1\/(LIST_FILES|READ_FILE))$/,
    at: /^\(status\)$/,
    why: 'no log file is attached: the log goes where the process writes it',
  },
  {
    in: /files_debug$/,
    at: /^\/(master|slave)\/log$/,
    why: 'no log file is attached: the log goes where the process writes it',
  },
  {
    in: /^master\/get\/(other_|other_master)$/,
    at: /^\(status\)$/,
    why: 'there is no web page at the root yet',
  },
  {
    in: /^master\/get\/other_registrar/,
    at: /^\(status\)$/,
    why: 'the registry is one key per agent, not one record that could be shown',
  },
  {
    in: /__processes__$/,
    at: /^\*/,
    why: 'the actors are others, and each tells more of itself',
  },
  {
    in: /(flags|state|GET_FLAGS|~jsonp=cb|state\.gzip)$/,
    at: /^(flags\/(registry|webui_dir|launcher_dir)|get_flags\/flags\/(registry|webui_dir|launcher_dir)(\/.*)?)$/,
    why: 'the registry is kept in LMDB; there is no folder of web pages, and none of programs',
  },
  {
    in: /^agent\/get\/(slave\(1\)_)?state$/,
    at: /^master_hostname$/,
    why: 'the address of the master is not looked up by name',
  },
  {
    in: /^agent\/get\/(slave\(1\)_)?state$/,
    at: /^unreserved_resources_allocated\/(cpus|mem)$/,
    why: 'the stand-in for a task with an executor of its own has an executor of the agent, with its overhead',
  },
  {
    in: /^agent\/api_v1(_protobuf)?\/(GET_STATE|GET_EXECUTORS)$/,
    at: /executor_info\/command\/(value|shell|arguments)$/,
    why: 'command tasks have no executor program: the command shown is the one of the task',
  },
  {
    in: /^agent\/containers\//,
    at: /./,
    why: 'nested and standalone containers are refused; what is wrong with a call is told as recorded',
  },
  {
    in: /^master\/methods\/BREW_/,
    at: /^\(status\)$/,
    why: 'an unknown method gets 400 rather than a closed connection',
  },
  {
    in: /^master\/errors\/garbage-request$/,
    at: /^\(status\)$/,
    why: 'what is not HTTP gets 400 rather than a closed connection',
  },
  {
    in: /^master\/errors\/bad-query$/,
    at: /^\(status\)$/,
    why: 'a malformed escape in a query stands for itself rather than closing the connection',
  },
];

/** The same for what operators changed, in `writes.test.ts`. */
export const KNOWN_IN_WRITES: readonly KnownDifference[] = [
  {
    in: /^master\/api_v1\/REMOVE_QUOTA\.absent$/,
    at: /^\(status\)$/,
    why: 'Mesos crashes when a quota is removed that is not there; here it gets 400',
  },
  {
    in: /^master\/api_v1\/GET_ROLES\.after$/,
    at: /^get_roles\/roles\/\*\/resources$/,
    why: 'recorded in the moment between the withdrawal of all offers and the next ones',
  },
  {
    in: /\/state\.(with-volume|after-teardown)$/,
    at: /^flags\/(registry|webui_dir|launcher_dir)$/,
    why: 'the registry is kept in LMDB; there is no folder of web pages, and none of programs',
  },
  {
    in: /^agent\/get\/state\.after-teardown$/,
    at: /^master_hostname$/,
    why: 'the address of the master is not looked up by name',
  },
  {
    in: /^agent\/get\/state\.after-teardown$/,
    at: /^(unreserved_resources_allocated\/.*|(completed_)?frameworks\/.*)$/,
    why: 'recorded while executors were still ending',
  },
  {
    in: /^master\/(api_v1\/GET_TASKS|get\/(frameworks|state|tasks))\.after-teardown$/,
    at: /(completed_tasks|^tasks)\/\*$/,
    why: 'a task that ended is listed once, even if an agent that came back tells of it again',
  },
  {
    in: /^master\/get\/state\.after-teardown$/,
    at: /^slaves\/\*\/reregistered_time$/,
    why: 'an agent that left the cluster comes back as a new one, under another id',
  },
  {
    in: /^master\/api_v1\/SUBSCRIBE$/,
    at: /^AGENT_ADDED agent_added\/agent\/reregistered_time$/,
    why: 'an agent that left the cluster comes back as a new one, under another id',
  },
];

/** The same for what is streamed: names of lives, types of events and paths in them. */
export const KNOWN_IN_LIVES: readonly KnownDifference[] = [
  {
    in: /^scheduler\/02-task-group$/,
    at: /^UPDATE update\/status\/container_status\/network_infos$/,
    why: 'of two tasks that are starting Mesos tells the network of the one whose container is already there',
  },
];

/** Explains differences by a list, and keeps account of which entries were met. */
export class Explanations {
  readonly #known: readonly KnownDifference[];
  readonly #met = new Set<KnownDifference>();

  constructor(known: readonly KnownDifference[]) {
    this.#known = known;
  }

  /** Those found in a recording that the list does not know. */
  unexplained(name: string, found: readonly Difference[]): readonly Difference[] {
    return found.filter(({ path }) => {
      const matching = this.#known.filter((one) => one.in.test(name) && one.at.test(path));
      for (const one of matching) this.#met.add(one);
      return matching.length === 0;
    });
  }

  /** Entries that nothing was explained by. */
  get unmet(): readonly KnownDifference[] {
    return this.#known.filter((one) => !this.#met.has(one) && !one.isToCome);
  }
}
