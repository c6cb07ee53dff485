// `npm run compatibility`: writes `docs/compatibility.md` from the table.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { compatibilityDocument } from './table.ts';

writeFileSync(
  fileURLToPath(new URL('../../../docs/compatibility.md', import.meta.url)),
  compatibilityDocument(),
);
