// Group commit, answers after durability, and dying for good.
import { systemClock, utf8 } from '@kaon/primitives';
import { AgentInfo, createMessage } from '@kaon/protocol';
import {
  admitAgent,
  memoryStorage,
  type Operation,
  Registrar,
  type Storage,
  type StorageWrite,
} from '@kaon/registry';
import { VirtualClock } from '@kaon/testkit';
import t from 'tap';
import { agentInfo, masterInfo } from './builders/agents.ts';

/** A storage whose commits wait for the test. */
class GatedStorage implements Storage {
  readonly #inner = memoryStorage();
  readonly commits: (readonly StorageWrite[])[] = [];
  isGated = false;
  #release: ((error?: Error) => void) | undefined;

  async open() {
    const session = await this.#inner.open();
    const commit = async (writes: readonly StorageWrite[]): Promise<void> => {
      this.commits.push(writes);
      if (this.isGated) {
        await new Promise<void>((resolve, reject) => {
          this.#release = (error) => (error ? reject(error) : resolve());
        });
      }
      await session.commit(writes);
    };
    return { epoch: session.epoch, load: session.load, commit, close: session.close };
  }

  release(error?: Error): void {
    this.#release?.(error);
  }
}

async function givenGated() {
  const storage = new GatedStorage();
  const clock = new VirtualClock();
  const registrar = new Registrar({ storage, clock, operationsMax: 3, storeTimeoutMs: 1000 });
  await registrar.recover(masterInfo());
  storage.isGated = true;
  return { storage, clock, registrar };
}

/** Lets every promise that can go on, go on. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

t.test('recovery reads the facts and writes the new leader', async (t) => {
  const storage = memoryStorage();
  const first = new Registrar({ storage, clock: systemClock() });
  await first.recover(masterInfo('m1'));
  await first.apply(admitAgent(agentInfo('a1')));
  await first.close();

  const second = new Registrar({ storage, clock: systemClock() });
  const facts = await second.recover(masterInfo('m2'));
  t.equal(facts.get('master', 'leader')?.info.id, 'm2');
  t.same(facts.get('agent', 'a1')?.info, agentInfo('a1'));
  t.equal(second.epoch, 2);
  t.match(second.stats, { commits: 1, queuedOperations: 0 });
  t.ok(second.stats.sizeBytes > 0);
});

t.test('nobody is answered before the commit is durable', async (t) => {
  const { storage, registrar } = await givenGated();
  let isAnswered = false;
  const answer = registrar.apply(admitAgent(agentInfo('a1'))).then(() => {
    isAnswered = true;
  });
  await settle();
  t.notOk(isAnswered);
  t.notOk(registrar.facts.get('agent', 'a1'), 'nor shown');
  storage.release();
  await answer;
  t.ok(registrar.facts.get('agent', 'a1'));
});

t.test('operations of one turn share a commit, those that come during it the next', async (t) => {
  const { storage, registrar } = await givenGated();
  const apply = (id: string) => registrar.apply(admitAgent(agentInfo(id)));
  const first = [apply('a1'), apply('a2')];
  await settle();
  const second = [apply('a3'), apply('a4'), apply('a5')];
  await settle();
  t.equal(registrar.stats.queuedOperations, 3);
  storage.release();
  await Promise.all(first);
  await settle();
  storage.release();
  await Promise.all(second);
  t.same(
    storage.commits.map((writes) => writes.length),
    [1, 2, 3],
  );
});

t.test('a full queue refuses and counts', async (t) => {
  const { storage, registrar } = await givenGated();
  const taken = [registrar.apply(admitAgent(agentInfo('a0')))];
  await settle();
  for (const id of ['a1', 'a2', 'a3']) taken.push(registrar.apply(admitAgent(agentInfo(id))));
  const refused = await registrar.apply(admitAgent(agentInfo('a4')));
  t.match(refused, { ok: false, error: { code: 'KAON_REGISTRAR_OVERLOADED' } });
  t.equal(registrar.stats.overloadedOperations, 1);
  storage.release();
  await settle();
  storage.release();
  await Promise.all(taken);
});

t.test('a failed write ends the registrar for good', async (t) => {
  const { storage, registrar } = await givenGated();
  const first = registrar.apply(admitAgent(agentInfo('a1')));
  await settle();
  const second = registrar.apply(admitAgent(agentInfo('a2')));
  const failed = { code: 'KAON_REGISTRAR_FAILED', cause: { message: 'disk full' } };
  const both = Promise.all([t.rejects(first, failed), t.rejects(second, failed)]);
  storage.release(new Error('disk full'));
  await both;
  storage.isGated = false;
  await t.rejects(registrar.apply(admitAgent(agentInfo('a3'))), failed);
  t.equal(storage.commits.length, 2, 'nothing was tried after the failure');
});

t.test('a write that takes too long ends the registrar', async (t) => {
  const { clock, registrar, storage } = await givenGated();
  const apply = t.rejects(registrar.apply(admitAgent(agentInfo('a1'))), {
    code: 'KAON_REGISTRAR_FAILED',
  });
  await settle();
  clock.step(1000);
  await apply;
  storage.release();
  await settle();
  t.notOk(registrar.facts.get('agent', 'a1'), 'a late success changes nothing');
});

t.test('a writer that was replaced fails at its next write', async (t) => {
  const storage = memoryStorage();
  const first = new Registrar({ storage, clock: systemClock() });
  await first.recover(masterInfo('m1'));
  const second = new Registrar({ storage, clock: systemClock() });
  await second.recover(masterInfo('m2'));
  await t.rejects(first.apply(admitAgent(agentInfo('a1'))), {
    code: 'KAON_REGISTRAR_FAILED',
    cause: { code: 'KAON_STORAGE_FENCED' },
  });
  t.match(await second.apply(admitAgent(agentInfo('a1'))), { ok: true });
});

t.test('records that are damaged or from the future stop recovery', async (t) => {
  for (const write of [
    { key: 'agent/a1', value: Uint8Array.of(255) },
    { key: 'martian/x', value: Uint8Array.of() },
    { key: 'constructor/x', value: Uint8Array.of() },
    { key: 'nothing', value: Uint8Array.of() },
  ]) {
    const storage = memoryStorage();
    const session = await storage.open();
    await session.commit([write]);
    const registrar = new Registrar({ storage, clock: systemClock() });
    await t.rejects(registrar.recover(masterInfo()), {
      code: 'KAON_REGISTRAR_FAILED',
      cause: { code: 'KAON_REGISTRY_UNREADABLE', key: write.key },
    });
    await registrar.close();
  }
});

t.test('a master without a demanded capability does not lead', async (t) => {
  const storage = memoryStorage();
  const session = await storage.open();
  const name = 'QUOTA_V2';
  const record = Uint8Array.of(10, name.length, ...utf8(name));
  await session.commit([{ key: `minimumCapability/${name}`, value: record }]);
  const older = new Registrar({ storage, clock: systemClock() });
  await t.rejects(older.recover(masterInfo()), {
    cause: { code: 'KAON_REGISTRY_MISSING_CAPABILITY', capability: name },
  });
  const newer = new Registrar({ storage, clock: systemClock(), capabilities: [name] });
  t.ok(await newer.recover(masterInfo()));
});

t.test('a storage that never answers stops recovery in time', async (t) => {
  const clock = new VirtualClock();
  const storage: Storage = { open: () => new Promise(() => undefined) };
  const registrar = new Registrar({ storage, clock });
  const recovery = t.rejects(registrar.recover(masterInfo()), { code: 'KAON_REGISTRAR_FAILED' });
  clock.step(60_000);
  await recovery;
});

t.test('an operation with a record that cannot be encoded is refused alone', async (t) => {
  const registrar = new Registrar({ storage: memoryStorage(), clock: systemClock() });
  await registrar.recover(masterInfo());
  const broken = { ...createMessage(AgentInfo, { hostname: 'h', id: { value: 'a1' } }), port: 'x' };
  const outcome = await registrar.apply(admitAgent(broken as unknown as AgentInfo));
  t.match(outcome, { ok: false, error: { code: 'KAON_REGISTRY_OPERATION_REFUSED' } });
  t.match(await registrar.apply(admitAgent(agentInfo('a1'))), { ok: true });
});

t.test('a plan that throws is a programmer error and ends the registrar', async (t) => {
  const registrar = new Registrar({ storage: memoryStorage(), clock: systemClock() });
  await registrar.recover(masterInfo());
  const wrong: Operation = {
    name: 'wrong',
    plan: () => {
      throw new Error('bug');
    },
  };
  await t.rejects(registrar.apply(wrong), { code: 'KAON_REGISTRAR_FAILED' });
});

t.test('closing rejects what waits and lets the commit in flight end', async (t) => {
  const { storage, registrar } = await givenGated();
  const first = t.rejects(registrar.apply(admitAgent(agentInfo('a1'))));
  await settle();
  const second = t.rejects(registrar.apply(admitAgent(agentInfo('a2'))));
  const closed = registrar.close();
  storage.release();
  await Promise.all([first, second, closed]);
});
