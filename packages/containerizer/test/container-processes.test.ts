import t from 'tap';
import { type ContainerProcesses, processesOf } from '#src/container-processes.js';
import type { ProcessInfo } from '#src/process-table.js';

const aProcess = (pid: number, changes: Partial<ProcessInfo> = {}): ProcessInfo => ({
  pid,
  startTicks: 1_000 + pid,
  parentPid: 1,
  groupId: pid,
  sessionId: pid,
  isZombie: false,
  cpuTicks: 0,
  residentPages: 0,
  ...changes,
});

const container: ContainerProcesses = {
  containerId: 'c1',
  shim: { pid: 10, startTicks: 1_010 },
  task: { pid: 11, startTicks: 1_011 },
};
const shim = aProcess(10);
const task = aProcess(11, { parentPid: 10 });
const pids = (processes: readonly ProcessInfo[], of = container): number[] =>
  processesOf(of, processes).map(({ pid }) => pid);

t.test('the command and its descendants belong, the shim and strangers do not', async (t) => {
  const child = aProcess(12, { parentPid: 11, sessionId: 11 });
  const grandchild = aProcess(13, { parentPid: 12 });
  const stranger = aProcess(20);
  t.strictSame(pids([grandchild, child, shim, task, stranger]), [13, 12, 11]);
});

t.test('a daemon that left session and parents is known by its mark', async (t) => {
  const daemon = aProcess(30, { containerMark: 'c1' });
  const itsChild = aProcess(31, { parentPid: 30 });
  const another = aProcess(32, { containerMark: 'c2' });
  t.strictSame(pids([shim, task, daemon, itsChild, another]), [11, 30, 31]);
});

t.test(
  'members of the session belong while its leader lives, whatever they did to their environment',
  async (t) => {
    t.strictSame(pids([shim, task, aProcess(14, { sessionId: 11 })]), [11, 14]);
  },
);

t.test('a session number that strangers were given is not trusted', async (t) => {
  const stranger = aProcess(11, { startTicks: 9_000 });
  const itsChild = aProcess(40, { parentPid: 11, sessionId: 11, startTicks: 9_001 });
  t.strictSame(pids([stranger, itsChild], { ...container, exitTicks: 2_000 }), []);
});

t.test('a session outlives its leader as long as a member of old is left', async (t) => {
  const old = aProcess(14, { sessionId: 11 });
  const young = aProcess(15, { sessionId: 11, startTicks: 9_000 });
  t.strictSame(pids([old, young], { ...container, exitTicks: 2_000 }), [14, 15]);
  t.strictSame(
    pids([young], { ...container, exitTicks: 2_000 }),
    [],
    'the young alone may be strangers',
  );
  t.strictSame(pids([old]), [], 'without knowing when the leader ended nothing can be said');
});

t.test('a reused pid is neither command nor shim', async (t) => {
  const newShim = aProcess(10, { startTicks: 5_000 });
  const itsChild = aProcess(50, { parentPid: 10 });
  t.strictSame(pids([newShim, itsChild]), []);
});

t.test('zombies are dead already', async (t) => {
  t.strictSame(pids([shim, { ...task, isZombie: true }]), []);
});

t.test('children of a shim whose command is not known yet belong', async (t) => {
  t.strictSame(
    pids([shim, task], { containerId: 'c1', shim: { pid: 10, startTicks: 1_010 } }),
    [11],
  );
});
