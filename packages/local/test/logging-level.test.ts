// How much a master logs, raised by an operator's call: every way to ask tells the same.
import { startLocalCluster } from '@kaon/local';
import t from 'tap';

t.test('an operator raises the level of the log for a while', async (t) => {
  const cluster = await startLocalCluster({ agents: 1, port: 0 });
  t.teardown(() => cluster.close());
  const call = async (type: string, body?: unknown): Promise<string> => {
    const response = await fetch(`http://${cluster.address}/api/v1`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ type, [type.toLowerCase()]: body }),
    });
    return `${response.status} ${await response.text()}`;
  };
  const level = (value: number): string =>
    `200 {"type":"GET_LOGGING_LEVEL","get_logging_level":{"level":${value}}}`;
  const hour = { nanoseconds: 3_600_000_000_000 };

  t.equal(await call('GET_LOGGING_LEVEL'), level(0));
  t.equal(await call('SET_LOGGING_LEVEL', { level: 2, duration: hour }), '200 ');
  t.equal(await call('GET_LOGGING_LEVEL'), level(2));
  const toggled = await fetch(`http://${cluster.address}/logging/toggle`);
  t.equal(await toggled.text(), '2\n');
  t.equal(await call('SET_LOGGING_LEVEL', { level: 0, duration: hour }), '200 ');
  t.equal(await call('GET_LOGGING_LEVEL'), level(0));
});
