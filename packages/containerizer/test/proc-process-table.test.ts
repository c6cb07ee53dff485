// Who is in the process table and with which mark: processes caught in `exec` above all.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { procProcessTable } from '#src/node/proc-process-table.js';

const LOOKS = 200;
const KERNEL_THREAD_FLAGS = 0x0020_8040;
/** Where the environment of a process ends that has one, if only an empty one. */
const SOME_ADDRESS = 140_720_000_000_000;
const MARK = 'KAON_CONTAINER_ID=c1\0';

interface FakeProcess {
  readonly parentPid?: number;
  readonly flags?: number;
  /** Absent: it may not be read. */
  readonly environment?: string;
  /** Default: `SOME_ADDRESS`. */
  readonly environmentEnd?: number;
}

/** A folder that looks like `/proc`, and a way to change it at once. */
async function givenProc(
  t: Test,
): Promise<{ folder: string; show(pid: number, process: FakeProcess): void }> {
  const folder = await mkdtemp(join(tmpdir(), 'kaon-proc-'));
  t.teardown(() => rm(folder, { recursive: true }));
  await mkdir(join(folder, 'sys'));
  return {
    folder,
    show(pid, { parentPid = 1, flags = 0x40_4100, environment, environmentEnd = SOME_ADDRESS }) {
      mkdirSync(join(folder, `${pid}`), { recursive: true });
      const fields = new Array<number | string>(50).fill(0);
      Object.assign(fields, { 0: 'R', 1: parentPid, 2: pid, 3: pid, 6: flags, 19: 100 + pid });
      fields[48] = environmentEnd;
      writeFileSync(join(folder, `${pid}`, 'stat'), `${pid} (a) name) ${fields.join(' ')}\n`);
      if (environment !== undefined) {
        writeFileSync(join(folder, `${pid}`, 'environ'), environment);
      }
    },
  };
}

t.test('a process caught in exec is asked again until its mark can be read', async (t) => {
  const proc = await givenProc(t);
  proc.show(10, { environment: '', environmentEnd: 0 });
  const look = procProcessTable({ folder: proc.folder }).snapshot();
  proc.show(10, { environment: `PATH=/bin\0${MARK}` });
  t.match(await look, [{ pid: 10, containerMark: 'c1' }]);
});

t.test(
  'an exec between the two reads of a process is no proof of an empty environment',
  async (t) => {
    const proc = await givenProc(t);
    proc.show(10, { environment: '' });
    const look = procProcessTable({ folder: proc.folder }).snapshot();
    proc.show(10, { environment: MARK });
    t.match(await look, [{ pid: 10, containerMark: 'c1' }]);
  },
);

t.test('what was empty or hidden at one look is read at the next', async (t) => {
  const proc = await givenProc(t);
  const table = procProcessTable({ folder: proc.folder });
  proc.show(10, { environment: '' });
  proc.show(11, {});
  const before = await table.snapshot();
  t.strictSame(
    before.map(({ pid, containerMark }) => [pid, containerMark]),
    [
      [10, undefined],
      [11, undefined],
    ],
  );
  proc.show(10, { environment: MARK });
  proc.show(11, { environment: MARK });
  t.match(await table.snapshot(), [{ containerMark: 'c1' }, { containerMark: 'c1' }]);
});

t.test('a mark once seen stays, although the process wipes its environment', async (t) => {
  const proc = await givenProc(t);
  const table = procProcessTable({ folder: proc.folder });
  proc.show(10, { environment: MARK });
  await table.snapshot();
  proc.show(10, { environment: '' });
  t.match(await table.snapshot(), [{ pid: 10, containerMark: 'c1' }]);
});

t.test('a long environment is searched to its end', async (t) => {
  const proc = await givenProc(t);
  proc.show(10, { environment: `LONG=${'x'.repeat(200_000)}\0${MARK}` });
  t.match(await procProcessTable({ folder: proc.folder }).snapshot(), [{ containerMark: 'c1' }]);
});

t.test('kernel threads are left out, children of a process 2 that is none are not', async (t) => {
  const proc = await givenProc(t);
  proc.show(2, { parentPid: 0, flags: KERNEL_THREAD_FLAGS, environment: '', environmentEnd: 0 });
  proc.show(3, { parentPid: 2, environment: MARK });
  const found = await procProcessTable({ folder: proc.folder }).snapshot();
  t.strictSame(
    found.map(({ pid }) => pid),
    [3],
  );
});

t.test('a process that does nothing but exec is seen with its mark at every look', async (t) => {
  const again = 'exec /bin/sh -c "$0" "$0"';
  const child = spawn('/bin/sh', ['-c', again, again], {
    env: { KAON_CONTAINER_ID: 'c1' },
    stdio: 'ignore',
  });
  t.teardown(async () => {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  });
  await once(child, 'spawn');
  let missed = 0;
  for (let look = 0; look < LOOKS; look += 1) {
    // A table of its own: what one knows it does not read again.
    const found = await procProcessTable().snapshot();
    if (found.find(({ pid }) => pid === child.pid)?.containerMark !== 'c1') missed += 1;
  }
  t.equal(missed, 0);
});
