// A policy module that does what the query of its URL says: `?do=throw`, `loop`, `exit`, `stall`.
import { definePolicy, type PolicyGrant } from '@kaon/allocator';

const what = new URL(import.meta.url).searchParams.get('do');

if (what === 'fail') throw new Error('this module does not load');

export default definePolicy({
  name: 'misbehaving',
  allocate(): PolicyGrant[] {
    if (what === 'loop') for (;;);
    if (what === 'exit') process.exit(3);
    if (what === 'throw') throw new Error('no idea');
    return [];
  },
});
