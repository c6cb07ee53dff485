// Request and reply: a question is answered at once, later, or by somebody else.
import {
  ask,
  createActorSystem,
  decodeNumber,
  decodeString,
  defineActor,
  defineProtocol,
  type Pid,
} from '@kaon/actor';

const rates = defineProtocol({ rate: ask(decodeString, decodeNumber) });
const shop = defineProtocol({
  price: ask(decodeNumber, decodeNumber),
  rate: ask(decodeString, decodeNumber),
});

const ratesActor = defineActor(rates, () => ({
  receive: {
    rate: (currency) => {
      if (currency !== 'EUR') throw new Error(`no rate for ${currency}`);
      return 1.1;
    },
  },
}));

const shopActor = defineActor(shop, (ctx, { bank }: { readonly bank: Pid<typeof rates> }) => ({
  receive: {
    // Known only after another answer: a handler never waits, it returns the answer to come.
    price: (euros) => {
      const price = ctx.later<number>();
      ctx.ask(
        bank,
        'rate',
        'EUR',
        { timeoutMs: 1000 },
        (rate) => price.resolve(euros * rate),
        (error) => price.reject(error),
      );
      return price;
    },
    // Somebody else knows: the answer goes straight to the asker.
    rate: (currency) => ctx.delegate(bank, 'rate', currency),
  },
}));

const system = createActorSystem();
const bank = system.spawn(ratesActor, undefined, {
  supervision: { onFailure: 'restart', restartsMax: 3, windowMs: 1000 },
});
const counter = system.spawn(shopActor, { bank });
console.log('price', await system.ask(counter, 'price', 20));
console.log('rate', await system.ask(counter, 'rate', 'EUR'));
await system.ask(counter, 'rate', 'XYZ').catch((error) => console.log(error.code));
await system.shutdown();

// Prints:
// price 22
// rate 1.1
// KAON_ASK_FAILED
