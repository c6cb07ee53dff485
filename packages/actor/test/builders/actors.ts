// Actors that several tests use.
import {
  type ActorContext,
  ask,
  type Behaviour,
  defineActor,
  defineProtocol,
  localMessage,
  message,
} from '@kaon/actor';
import { decodeInteger, decodeNothing, decodeString } from '@kaon/primitives';

/** Adds up what it is told. */
export const counter = defineProtocol({
  add: message(decodeInteger),
  total: ask(decodeNothing, decodeInteger),
});

export const counterActor = defineActor(counter, (_ctx, options: { readonly start: number }) => {
  let sum = options.start;
  return {
    receive: {
      add: (amount) => {
        sum += amount;
      },
      total: () => sum,
    },
  };
});

/** Does what a test says, inside its own turns: the way to reach a `ctx`. */
export const puppet = defineProtocol({
  run: localMessage<(ctx: ActorContext) => void>(),
  note: message(decodeString),
  question: ask(decodeString, decodeString),
});

export interface PuppetOptions {
  /** Notes, exits and hooks in the order they came. */
  readonly log: string[];
  readonly setup?: (ctx: ActorContext) => void;
  readonly answer?: (question: string, ctx: ActorContext) => ReturnType<PuppetAnswer>;
}

type PuppetAnswer = Behaviour<typeof puppet>['receive']['question'];

export const puppetActor = defineActor(puppet, (ctx, options: PuppetOptions) => {
  const plain = ctx as unknown as ActorContext;
  options.setup?.(plain);
  return {
    receive: {
      run: (work) => work(plain),
      note: (text, from) => {
        options.log.push(`${text} from ${from.id}`);
      },
      question: (text) => options.answer?.(text, plain) ?? `${text}!`,
    },
    exited: (pid, reason) => {
      options.log.push(`${pid.id} ${reason}`);
    },
    stopping: () => {
      options.log.push(`${ctx.self.id} stopping`);
    },
  };
});

/** Fails when told to; everything else is as for the counter. */
export const fragile = defineProtocol({
  fail: message(decodeString),
  add: message(decodeInteger),
  total: ask(decodeNothing, decodeInteger),
  failingAsk: ask(decodeNothing, decodeInteger),
});

export const fragileActor = defineActor(
  fragile,
  (ctx, options: { readonly log?: string[]; readonly setup?: (ctx: ActorContext) => void }) => {
    let sum = 0;
    options.log?.push(`${ctx.self.id} setup`);
    options.setup?.(ctx as unknown as ActorContext);
    return {
      receive: {
        fail: (sentence) => {
          throw new Error(sentence);
        },
        add: (amount) => {
          sum += amount;
        },
        total: () => sum,
        failingAsk: () => {
          throw new Error('no answer from me');
        },
      },
      exited: (pid, reason) => {
        options.log?.push(`${ctx.self.id} hears ${pid.id} ${reason}`);
      },
      stopping: () => {
        options.log?.push(`${ctx.self.id} stopping`);
      },
    };
  },
);
