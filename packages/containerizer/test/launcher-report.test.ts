import t from 'tap';
import { parseReport } from '#src/launcher-report.js';

t.test('reports are read', async (t) => {
  t.strictSame(parseReport('started c1 11 101 10 100'), {
    kind: 'started',
    containerId: 'c1',
    task: { pid: 11, startTicks: 101 },
    shim: { pid: 10, startTicks: 100 },
  });
  t.strictSame(parseReport('exited c1 143'), {
    kind: 'exited',
    containerId: 'c1',
    end: { status: 143 },
    isEmpty: false,
  });
  t.strictSame(parseReport('killed c1 9 empty'), {
    kind: 'exited',
    containerId: 'c1',
    end: { signal: 9 },
    isEmpty: true,
  });
  t.strictSame(parseReport('empty c1'), { kind: 'emptied', containerId: 'c1' });
  t.strictSame(parseReport('user nobody 65534 65533'), {
    kind: 'user',
    name: 'nobody',
    account: { name: 'nobody', userId: 65534, groupId: 65533 },
  });
  t.strictSame(parseReport('user gone'), { kind: 'user', name: 'gone', account: undefined });
});

t.test('the first report says what the machine has', async (t) => {
  const line =
    'ready proc=/proc setsid=/usr/bin/setsid env=/usr/bin/env sh=/bin/sh setpriv= bash= exports=1';
  t.strictSame(parseReport(line), {
    kind: 'ready',
    features: {
      startsDirectly: false,
      setsidPath: '/usr/bin/setsid',
      envPath: '/usr/bin/env',
      shellPath: '/bin/sh',
      setprivPath: undefined,
      bashPath: undefined,
      exportsCleanly: true,
    },
  });
  t.strictSame(parseReport('ready proc= setsid= env=/usr/bin/env sh=/bin/sh'), {
    kind: 'unfit',
    missing: 'proc, setsid',
  });
  t.match(parseReport('ready direct=1 proc=/proc env=/usr/bin/env sh=/bin/sh'), {
    kind: 'ready',
    features: { startsDirectly: true, setsidPath: undefined },
  });
});

t.test('anything else is no report', async (t) => {
  for (const line of ['', 'hello', 'started c1', 'started c1 x y 10 100', 'exited c1 x', 'user']) {
    t.equal(parseReport(line), undefined, line);
  }
});
