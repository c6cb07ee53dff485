// Roles whose names begin with `prod` come before all others; among each kind shares decide as usual.
import { definePolicy } from '@kaon/allocator';

export default definePolicy({
  name: 'production first',
  compare(left, right) {
    if (left.kind !== 'role') return 0;
    return Number(right.name.startsWith('prod')) - Number(left.name.startsWith('prod'));
  },
});
