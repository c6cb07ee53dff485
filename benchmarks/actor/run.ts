// `npm run bench -- actor`: the actor runtime in one process and between two.
import type { Benchmark } from '../harness.ts';
import { runLocal } from './local.ts';
import { runRemote } from './remote.ts';

export const run: Benchmark = async (options) => [
  ...(await runLocal(options)),
  ...(await runRemote(options)),
];
