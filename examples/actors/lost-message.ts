// A deterministic test of a lost message: time stands still, the network obeys, one seed fixes the rest.
import { ask, decodeInteger, defineActor, defineProtocol, Pid } from '@kaon/actor';
import { Simulation } from '@kaon/testkit';

const bank = defineProtocol({ deposit: ask(decodeInteger, decodeInteger) });
const RETRY_MS = 1000;

const bankActor = defineActor(bank, () => {
  let balance = 0;
  return { receive: { deposit: (amount) => (balance += amount) } };
});

/** Asks until it is answered: at least once, and that is the point of the test. */
const payer = defineActor(defineProtocol({}), (ctx, { to }: { readonly to: Pid<typeof bank> }) => {
  const pay = (): void => {
    ctx.ask(
      to,
      'deposit',
      10,
      { timeoutMs: RETRY_MS },
      (balance) => console.log(`paid, the balance is ${balance}`),
      (error) => {
        console.log(error.code);
        pay();
      },
    );
  };
  pay();
  return { receive: {} };
});

async function run(lose: 'question' | 'answer'): Promise<string> {
  const sim = new Simulation({ seed: 7, network: { latencyMs: [1, 20] } });
  sim.createSystem('bank:1').spawn(bankActor, undefined, { id: 'bank' });
  const home = sim.createSystem('home:1');
  const lost = sim.network.dropNext('deposit', { to: lose === 'question' ? 'bank:1' : 'home:1' });
  home.spawn(payer, { to: new Pid('bank', 'bank:1', bank) }, { id: 'payer' });
  await sim.advance(RETRY_MS - 1);
  console.log(`the ${lose} was lost ${lost.count} time`);
  await sim.advance(RETRY_MS);
  await sim.close();
  return sim.trace.hash();
}

await run('question');
const [first, second] = [await run('answer'), await run('answer')];
console.log('two runs of one seed are', first === second ? 'the same' : 'different');

// Prints:
// the question was lost 1 time
// KAON_ASK_TIMEOUT
// paid, the balance is 10
// the answer was lost 1 time
// KAON_ASK_TIMEOUT
// paid, the balance is 20
// the answer was lost 1 time
// KAON_ASK_TIMEOUT
// paid, the balance is 20
// two runs of one seed are the same
