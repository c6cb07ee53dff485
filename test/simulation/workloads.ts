// What goes on in a random world. Each workload peoples one node; chance decides who does what when.
import type { Supervision } from '@kaon/actor';
import type { Random } from '@kaon/primitives';
import {
  awaitEnd,
  type Citizen,
  type CitizenPid,
  citizenAt,
  inquire,
  type Role,
  settleCitizen,
  tell,
  type World,
} from './citizen.ts';
import { ASKED_PREFIXES } from './ledger.ts';

/** Peoples one node, at its start and at each restart, and is stirred from outside now and then. */
export interface Workload {
  readonly people: (world: World, address: string, random: Random) => void;
  readonly stir?: (world: World, random: Random) => void;
}

const RING_SIZE = 12;
const LINKERS_PER_NODE = 4;
const ASK_TIMEOUT_MAX_MS = 150;

function pick<T>(items: readonly T[], random: Random): T {
  return items[random.nextInt(items.length)] as T;
}

/** Tokens go round over all nodes; some are lost where a node is away. */
const ring: Workload = {
  people: (world, address) => {
    const { addresses } = world;
    const placeOf = (index: number): string => addresses[index % addresses.length] as string;
    for (let index = 0; index < RING_SIZE; index += 1) {
      if (placeOf(index) !== address) continue;
      const next = (index + 1) % RING_SIZE;
      const role: Role = (me) => ({
        told: (_name, value, from) => {
          if (value === 0) return;
          const to = citizenAt(placeOf(next), `ring${next}`);
          if (me.chance(0.2)) me.forward(to, 'token', value - 1, from);
          else me.send(to, 'token', value - 1);
        },
      });
      settleCitizen(world, address, { id: `ring${index}`, role });
    }
  },
  stir: (world, random) => {
    const index = random.nextInt(RING_SIZE);
    const to = citizenAt(world.addresses[index % world.addresses.length] as string, `ring${index}`);
    tell(world, pick(world.addresses, random), to, 'token', 10 + random.nextInt(30));
  },
};

function someSupervision(me: Citizen): Supervision {
  const restart = {
    onFailure: 'restart',
    restartsMax: 1 + me.random.nextInt(4),
    windowMs: 20 + me.random.nextInt(200),
  } as const;
  return me.pick<Supervision>([{ onFailure: 'stop' }, { onFailure: 'escalate' }, restart, restart]);
}

/** A family: parents start children, talk to them, stop them; anybody may blow up. */
function branch(depth: number): Role {
  return (me) => {
    const children: CitizenPid[] = [];
    const bear = (): void => {
      const child = me.spawn({ role: branch(depth - 1), supervision: someSupervision(me) });
      if (!child) return;
      children.push(child);
      if (me.chance(0.5)) me.link(child);
    };
    if (depth > 0) for (let count = 1 + me.random.nextInt(3); count > 0; count -= 1) bear();
    me.again('live', 10, 60, () => {
      const child = children.length > 0 ? me.pick(children) : undefined;
      if (!child) return;
      const act = me.random.nextInt(10);
      if (act === 0) me.send(child, 'blow');
      else if (act === 1) me.stop(child, me.chance(0.5));
      else if (act === 2 && children.length < 8) bear();
      else if (act === 3) me.stop(me.self, me.chance(0.5));
      else if (act === 4) me.defer(() => me.send(child, 'burst', 3));
      else me.send(child, 'note');
    });
    return {
      told: (name, value) => {
        if (name !== 'burst') return;
        for (let count = 0; count < value; count += 1)
          for (const child of children) me.send(child, 'note');
      },
      exited: (pid) => {
        const at = children.findIndex((child) => child.toString() === pid.toString());
        if (at >= 0) children.splice(at, 1);
        if (!me.world.isCalm && depth > 0 && me.chance(0.7)) bear();
      },
    };
  };
}

/** Starts again, from time to time, what has ended: the same ids live more than once. */
function gardener(plants: readonly { readonly id: string; readonly role: Role }[]): Role {
  return (me) => {
    const tend = (): void => {
      for (const plant of plants) {
        const child = me.spawn({ ...plant, supervision: someSupervision(me) });
        if (child && me.chance(0.3)) me.link(child);
      }
    };
    tend();
    me.again('tend', 20, 80, tend);
    return {};
  };
}

const tree: Workload = {
  people: (world, address, random) => {
    const depth = 1 + random.nextInt(3);
    settleCitizen(world, address, {
      id: 'garden',
      role: gardener([{ id: 'trunk', role: branch(depth) }]),
    });
  },
};

/** Fails in its handlers, in its setup, and in the middle of what it does. */
const hothead: Role = (me) => {
  me.spawn({ role: branch(0) });
  me.spawn({ role: branch(0) });
  me.once('never', 1, () => undefined);
  // What it has made so far has to go too.
  if (me.token.incarnation > 1 && me.chance(0.2)) throw new Error('a setup that does not work');
  me.again('boil', 2, 20, () => {
    if (me.chance(0.5)) me.send(me.self, 'blow');
    if (me.chance(0.2)) throw new Error('a timer that throws');
    if (me.chance(0.3)) {
      me.defer(() => {
        throw new Error('a continuation that throws');
      });
    }
  });
  return {
    stopping: () => {
      me.send(me.self, 'note');
      if (me.chance(0.3)) me.spawn({ role: branch(1) });
      if (me.chance(0.1)) throw new Error('a goodbye that throws');
    },
  };
};

const storm: Workload = {
  people: (world, address) => {
    const house: Role = (me) => {
      const start = (): void => {
        for (let index = 0; index < 3; index += 1) {
          me.spawn({ id: `hothead${index}`, role: hothead, supervision: someSupervision(me) });
        }
      };
      start();
      me.again('start', 20, 60, start);
      return {};
    };
    const supervision = { onFailure: 'restart', restartsMax: 5, windowMs: 100 } as const;
    const role: Role = (me) => {
      const keep = (): void => void me.spawn({ id: 'house', role: house, supervision });
      keep();
      me.again('keep', 30, 90, keep);
      return {};
    };
    settleCitizen(world, address, { id: 'street', role, supervision });
  },
};

/** Links to others, near and far, alive and dead, takes links back, makes them anew, and ends. */
const linker: Role = (me) => {
  const anybody = (): CitizenPid =>
    citizenAt(me.pick(me.world.addresses), `linker${me.random.nextInt(LINKERS_PER_NODE + 1)}`);
  me.again('live', 5, 30, () => {
    const act = me.random.nextInt(12);
    if (act < 4) me.link(anybody());
    else if (act < 6) me.unlink(anybody());
    else if (act === 6) {
      const other = anybody();
      me.unlink(other);
      me.link(other);
    } else if (act === 7) me.stop(me.self, me.chance(0.5));
    else if (act === 8) me.send(anybody(), 'blow');
    else me.send(anybody(), 'note');
  });
  return {
    exited: (pid) => {
      if (me.world.isCalm || me.chance(0.3)) return;
      if (me.chance(0.5)) me.link(pid);
      else me.once(`relink ${pid}`, me.random.next() * 30, () => me.link(pid));
    },
    stopping: () => me.send(anybody(), 'note'),
  };
};

const links: Workload = {
  people: (world, address) => {
    const plants = Array.from({ length: LINKERS_PER_NODE }, (_, index) => ({
      id: `linker${index}`,
      role: linker,
    }));
    settleCitizen(world, address, { id: 'nursery', role: gardener(plants) });
  },
  stir: (world, random) => {
    const id = `linker${random.nextInt(LINKERS_PER_NODE)}`;
    awaitEnd(world, citizenAt(pick(world.addresses, random), id));
  },
};

/** Answers at once, later, by another turn, never, through another, or by blowing up. */
function oracle(delegates: boolean): Role {
  return (me) => ({
    asked: (value) => {
      const act = me.random.nextInt(10);
      if (act === 0) throw new Error('a question that hurts');
      if (delegates && act > 6) {
        const seer = `${ASKED_PREFIXES.pass}${me.random.nextInt(3)}`;
        const to = citizenAt(me.pick(me.world.addresses), seer);
        return me.delegate(to, value, someTimeoutMs(me.random));
      }
      if (act > 5) return value;
      const later = me.later();
      const delayMs = me.random.next() * ASK_TIMEOUT_MAX_MS * 2;
      const key = `answer ${me.random.nextInt(1e9)}`;
      if (act > 1) me.once(key, delayMs, () => later.resolve(value));
      return later;
    },
  });
}

/** Some share a timeout, some have one of their own. */
function someTimeoutMs(random: Random): number {
  return pick([20, 50, ASK_TIMEOUT_MAX_MS, random.next() * ASK_TIMEOUT_MAX_MS], random);
}

const asks: Workload = {
  people: (world, address) => {
    const supervision = { onFailure: 'restart', restartsMax: 3, windowMs: 200 } as const;
    const role: Role = (me) => {
      const keep = (): void => {
        for (const index of [0, 1]) {
          const id = `${ASKED_PREFIXES.query}${index}`;
          me.spawn({ id, role: oracle(true), supervision });
          me.spawn({ id: `${ASKED_PREFIXES.pass}${index}`, role: oracle(false), supervision });
        }
      };
      keep();
      me.again('keep', 20, 60, keep);
      // One more than there are: some ask nobody.
      me.again('ask', 3, 20, () => {
        const to = citizenAt(
          me.pick(world.addresses),
          `${ASKED_PREFIXES.query}${me.random.nextInt(3)}`,
        );
        me.ask(to, someTimeoutMs(me.random));
        if (me.chance(0.02)) me.send(me.self, 'blow');
      });
      return {};
    };
    settleCitizen(world, address, { id: 'temple', role, supervision });
  },
  stir: (world, random) => {
    const to = citizenAt(
      pick(world.addresses, random),
      `${ASKED_PREFIXES.query}${random.nextInt(3)}`,
    );
    inquire(world, pick(world.addresses, random), to, someTimeoutMs(random));
  },
};

/** More than small mailboxes hold, near and far. */
const flood: Workload = {
  people: (world, address, random) => {
    const plain: Role = () => ({});
    const mailboxMax = 1 + random.nextInt(30);
    const role: Role = (me) => {
      const keep = (): CitizenPid | undefined => me.spawn({ id: 'sink', role: plain, mailboxMax });
      keep();
      me.again('pour', 10, 60, () => {
        keep();
        const to = citizenAt(me.pick(world.addresses), 'sink');
        for (let count = me.random.nextInt(80); count > 0; count -= 1) me.send(to, 'note');
        const sink = citizenAt(address, 'sink');
        if (me.chance(0.1)) me.stop(sink, true);
        for (let count = me.random.nextInt(20); count > 0; count -= 1) me.send(sink, 'note');
      });
      return {};
    };
    settleCitizen(world, address, { id: 'spring', role });
  },
  // What lies in the mailboxes of a node that dies in the middle of a turn is lost with it.
  stir: (world, random) => {
    if (random.nextInt(10) > 0) return;
    const address = pick(world.addresses, random);
    tell(world, address, citizenAt(address, 'spring'), 'die');
    for (let count = 0; count < 5; count += 1)
      tell(world, address, citizenAt(address, 'sink'), 'note');
  },
};

/** All workloads, by name. */
export const WORKLOADS: Readonly<Record<string, Workload>> = {
  ring,
  tree,
  storm,
  links,
  asks,
  flood,
};
