// What `launch path` is held against by actors: three processes, the same number of messages over the same
// transport, and nobody who looks into them. A message goes from source to relay to agent for every launch and
// every acknowledgement, and back for every status.
import { defineActor, defineProtocol, message, type Pid, pidOf } from '@kaon/actor';
import { decodeBytes, decodeString } from '@kaon/primitives';
import { startNode } from '@kaon/remote';
import { percentile } from '../../harness.ts';
import { serveParent } from './child.ts';
import type { BurstResult } from './scheduler.ts';

/** Roughly what such messages take. */
const BYTES = { run: 500, status: 250, acknowledge: 120 } as const;
const MAILBOX_MAX = 1_000_000;

const end = defineProtocol({
  open: message(decodeString),
  run: message(decodeBytes),
  status: message(decodeBytes),
  acknowledge: message(decodeBytes),
});

const [role, peers, count] = process.argv.slice(2) as [string, string, string];
const bodies = {
  run: new Uint8Array(BYTES.run),
  status: new Uint8Array(BYTES.status),
  acknowledge: new Uint8Array(BYTES.acknowledge),
};
let counted = 0;
let onStatus: () => void = () => undefined;

function peer(place: string): Pid<typeof end> {
  const pid = pidOf(end, place);
  if (!pid.ok) throw new Error(pid.error);
  return pid.value;
}

/** Hands runs and acknowledgements to the agents by turns, and statuses to the source. */
const relay = defineActor(end, (ctx, _options: undefined) => {
  let source: Pid<typeof end> | undefined;
  let agents: readonly Pid<typeof end>[] = [];
  const turn = { run: 0, acknowledge: 0 };
  const pass = (name: 'run' | 'acknowledge', body: Uint8Array): void => {
    turn[name] += 1;
    const to = agents[turn[name] % agents.length];
    if (to !== undefined) ctx.send(to, name, body);
  };
  return {
    receive: {
      open: (text, from) => {
        source = peer(from.toString());
        agents = text.split(' ').map(peer);
        ctx.send(source, 'open', '');
      },
      run: (body) => pass('run', body),
      acknowledge: (body) => pass('acknowledge', body),
      status: (body) => {
        if (source !== undefined) ctx.send(source, 'status', body);
      },
    },
  };
});

const agent = defineActor(end, (ctx, _options: undefined) => ({
  receive: {
    open: () => undefined,
    run: (_body, from) => ctx.send(peer(from.toString()), 'status', bodies.status),
    acknowledge: () => {
      counted += 1;
    },
    status: () => undefined,
  },
}));

interface SourceOptions {
  readonly relay: Pid<typeof end>;
  readonly agents: string;
  readonly onOpen: () => void;
}

const source = defineActor(end, (ctx, options: SourceOptions) => {
  ctx.send(options.relay, 'open', options.agents);
  return {
    receive: {
      open: () => options.onOpen(),
      /** Told by the process itself: so many at once. */
      run: (body) => {
        const tasks = new DataView(body.buffer, body.byteOffset).getUint32(0);
        for (let task = 0; task < tasks; task += 1) ctx.send(options.relay, 'run', bodies.run);
      },
      status: () => {
        ctx.send(options.relay, 'acknowledge', bodies.acknowledge);
        onStatus();
      },
      acknowledge: () => undefined,
    },
  };
});

const node = await startNode();
const { system } = node;
if (role === 'relay') {
  const pid = system.spawn(relay, undefined, { id: 'relay', mailboxMax: MAILBOX_MAX });
  serveParent(pid.toString(), () => 0);
} else if (role === 'agents') {
  const pids = Array.from({ length: Number(count) }, () =>
    system.spawn(agent, undefined, { mailboxMax: MAILBOX_MAX }).toString(),
  );
  serveParent(pids.join(' '), () => counted);
} else {
  const [relayPlace, ...agents] = peers.split(' ') as [string, ...string[]];
  const pid = await new Promise<Pid<typeof end>>((resolve) => {
    const made: Pid<typeof end> = system.spawn(
      source,
      { relay: peer(relayPlace), agents: agents.join(' '), onOpen: () => resolve(made) },
      { id: 'source', mailboxMax: MAILBOX_MAX },
    );
  });
  const launch = (tasks: number): Promise<BurstResult> =>
    new Promise((resolve) => {
      const startedMs = performance.now();
      const latenciesMs: number[] = [];
      onStatus = () => {
        latenciesMs.push(performance.now() - startedMs);
        if (latenciesMs.length < tasks) return;
        resolve({
          seconds: (performance.now() - startedMs) / 1000,
          p50Ms: percentile(latenciesMs, 0.5),
          p99Ms: percentile(latenciesMs, 0.99),
        });
      };
      const body = new Uint8Array(4);
      new DataView(body.buffer).setUint32(0, tasks);
      system.send(pid, 'run', body);
    });
  const nothing = (): Promise<void> => Promise.resolve();
  serveParent('', () => 0, { prepare: nothing, launch, end: nothing });
}
