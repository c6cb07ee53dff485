// Generates `packages/protocol/src/generated/` from the `.proto` files. It works offline: `buf`
// parses and checks the schema, `protocol-emitter.ts` and `codec-emitter.ts` write TypeScript from buf's description.
// Nothing is done when neither the schema nor the emitter changed since the last run.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { emitCodecs } from './codec-emitter.ts';
import { emitFile, type FileDescriptor, moduleName } from './protocol-emitter.ts';

const IMAGE_BYTES_MAX = 64 * 1024 * 1024;

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '..', '..');
const packageDirectory = join(root, 'packages', 'protocol');
const protoDirectory = join(packageDirectory, 'proto');
const outputDirectory = join(packageDirectory, 'src', 'generated');
const stampFile = join(outputDirectory, '.inputs');

const stamp = hashOfInputs();
if (!existsSync(stampFile) || readFileSync(stampFile, 'utf8') !== stamp) {
  const files = describeSchema();
  const packages = files.map((file) => file.package);
  rmSync(outputDirectory, { recursive: true, force: true });
  mkdirSync(join(outputDirectory, 'codecs'), { recursive: true });
  for (const file of files) {
    const path = join(outputDirectory, `${moduleName(file.package)}.ts`);
    writeFileSync(path, emitFile(file, packages));
    const codecs = emitCodecs(file, files);
    const codecPath = join(outputDirectory, 'codecs', `${moduleName(file.package)}.ts`);
    if (codecs !== undefined) writeFileSync(codecPath, codecs);
  }
  writeFileSync(stampFile, stamp);
}

/** Every `.proto` file, checked and resolved, with well-known types it imports. */
function describeSchema(): readonly FileDescriptor[] {
  const buf = join(root, 'node_modules', '.bin', 'buf');
  const image = execFileSync(buf, ['build', '-o', '-#format=json'], {
    cwd: packageDirectory,
    maxBuffer: IMAGE_BYTES_MAX,
    encoding: 'utf8',
  });
  const { file: files } = JSON.parse(image) as { readonly file: readonly FileDescriptor[] };
  const packages = new Set(files.map((file) => file.package));
  if (packages.size !== files.length)
    throw new Error('each .proto file needs a package of its own');
  return files;
}

function hashOfInputs(): string {
  const hash = createHash('sha256');
  const inputs = readdirSync(protoDirectory, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.proto'))
    .sort()
    .map((name) => join(protoDirectory, name));
  // Most of the scripts have a part in it, and the others seldom change.
  const emitters = readdirSync(here)
    .filter((name) => name.endsWith('.js'))
    .sort()
    .map((name) => join(here, name));
  for (const path of [...inputs, ...emitters]) {
    hash.update(path.slice(root.length)).update('\0').update(readFileSync(path)).update('\0');
  }
  return hash.digest('hex');
}
