// Recorded files that the suite does not send or live again, and why. Every other one is; a test counts.

/** Files left out for one reason. */
export interface LeftOut {
  /** Names, with `*` for any text. */
  readonly files: readonly string[];
  readonly why: string;
}

/** All of them. */
export const LEFT_OUT: readonly LeftOut[] = [
  { files: ['README.md'], why: 'it tells of the recordings' },
  { files: ['mesos-execute.txt'], why: 'the output of a tool, not an exchange' },
  {
    files: ['auth/*', 'auth_acls_used.json'],
    why: 'nobody is asked who he is: authentication and authorization are not built',
  },
  {
    files: ['ha/*'],
    why: 'it takes several masters and ZooKeeper; what those answer that do not lead is shown by `packages/master/test/leadership.test.ts`',
  },
  {
    files: ['scheduler/*.stream.raw', 'master/api_v1/SUBSCRIBE.stream.raw'],
    why: 'the bytes of a stream that is there event by event; how records are framed is checked on the way',
  },
  {
    files: ['agent/containers/20-LAUNCH_NESTED_CONTAINER_SESSION.jsonl'],
    why: 'nested containers are refused',
  },
  {
    files: ['crash/REMOVE_QUOTA.absent.*'],
    why: 'the same call is among the others, and is answered',
  },
  {
    files: ['crash/REMOVE_CONTAINER.root-container.*'],
    why: 'standalone containers are refused, so that there is none to remove',
  },
];

/** Whether a file is among those that are left out together. */
export function isLeftOut(file: string, { files }: LeftOut): boolean {
  return files.some((pattern) => {
    const [start = '', end] = pattern.split('*');
    return end === undefined ? file === start : file.startsWith(start) && file.endsWith(end);
  });
}
