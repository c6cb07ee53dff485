// Writes the codecs of a package: for every hot message a function that writes its protobuf, one that reads it, one
// that prints its JSON and one that completes it, each with the fields spelled out. The engine compiles such code
// far better than a loop over a table: every property is read at a place of its own.
import { completeLine, makeLines } from './codec-complete.ts';
import { printLines } from './codec-json.ts';
import { byNumber, hasCollections, type Message, messagesOf } from './codec-members.ts';
import { readLines, writeLines } from './codec-protobuf.ts';
import { HOT_MESSAGES } from './hot-messages.ts';
import { type FileDescriptor, moduleAlias, moduleName } from './protocol-emitter.ts';

/**
 * The TypeScript source of the codecs for the hot messages of `file`; `files` are all there are. Nothing when none is
 * hot.
 *
 * @throws when a hot message is not declared.
 */
export function emitCodecs(
  file: FileDescriptor,
  files: readonly FileDescriptor[],
): string | undefined {
  const hot = HOT_MESSAGES[file.package];
  if (hot === undefined) return undefined;
  const messages = messagesOf(file, files);
  if (messages.length !== hot.length) throw new Error(`${file.package}: unknown hot messages`);
  const own = moduleAlias(file.package);
  const lines = messages.flatMap(emitMessage);
  lines.push(
    `/** The codecs of \`${file.package}\`, by schema. */`,
    `export const ${own}Codecs: readonly CodecEntry[] = [`,
    ...messages.map(
      ({ local, type }) =>
        `  codecFor(${type}, { write: write${local}, read: read${local}, print: print${local}, complete: complete${local} }),`,
    ),
    '];',
    '',
  );
  const body = lines.join('\n');
  const others = files.map((other) => other.package).filter((name) => name !== file.package);
  const imports = [
    ...HELPERS.flatMap(([from, names]) => importOf(from, names, body)),
    `import * as ${own} from '../${moduleName(file.package)}.ts';`,
    ...others.sort().flatMap((name) => {
      const alias = moduleAlias(name);
      const module = moduleName(name);
      return [
        ...(body.includes(`${alias}.`) ? [`import * as ${alias} from '../${module}.ts';`] : []),
        ...(body.includes(`${alias}Codecs.`)
          ? [`import * as ${alias}Codecs from './${module}.ts';`]
          : []),
      ];
    }),
  ];
  return [`// Generated from ${file.name}: do not edit.`, ...imports, '', body].join('\n');
}

const HELPERS: readonly (readonly [string, readonly string[]])[] = [
  ['codec-registry', ['type CodecEntry']],
  ['decode-budget', ['type DecodeBudget']],
  ['json-number', ['formatDouble', 'formatFloat', 'formatInteger']],
  ['json-options', ['type JsonOptions']],
  ['json-string', ['formatBytes', 'formatString']],
  ['message-fields', ['newMap']],
  [
    'message-codec',
    [
      'codecFor',
      'completeMap',
      'inRange',
      'lacks',
      'numberIn',
      'objectsOf',
      'readEntry',
      'readPacked',
      'type Unfinished',
    ],
  ],
  ['table-complete', ['completeByTable']],
  ['table-decode', ['readByTable']],
  ['table-encode', ['writeByTable']],
  ['table-print', ['printByTable']],
  ['wire-reader', ['type WireReader']],
  ['wire-writer', ['type WireWriter']],
];

function importOf(from: string, names: readonly string[], body: string): readonly string[] {
  const used = names.filter((name) => new RegExp(`\\b${name.replace('type ', '')}\\b`).test(body));
  return used.length === 0 ? [] : [`import { ${used.join(', ')} } from '../../codec/${from}.ts';`];
}

function emitMessage(message: Message): readonly string[] {
  return [
    `const ${message.local}Object = objectsOf<${message.type}>();`,
    ...functionOf(
      `write${message.local}`,
      [
        ['w', 'WireWriter'],
        ['m', message.type],
      ],
      'void',
      [...byNumber(message).flatMap((member) => writeLines(message, member))],
    ),
    ...(hasCollections(message)
      ? functionOf(`make${message.local}`, [], `Unfinished<${message.type}>`, makeLines(message))
      : []),
    ...functionOf(
      `read${message.local}`,
      [
        ['r', 'WireReader'],
        ['end', 'number'],
        ['before', `${message.type} | undefined`],
        ['b', 'DecodeBudget'],
      ],
      message.type,
      readLines(message),
    ),
    ...functionOf(
      `print${message.local}`,
      [
        ['m', message.type],
        ['o', 'JsonOptions'],
      ],
      'string',
      printLines(message),
    ),
    ...functionOf(`complete${message.local}`, [['i', message.type]], message.type, [
      `const m = new ${message.local}Object();`,
      ...message.members.map(completeLine),
      `return m as ${message.type};`,
    ]),
  ];
}

/** A parameter that the body does not use has a leading underscore. */
function functionOf(
  name: string,
  parameters: readonly (readonly [string, string])[],
  result: string,
  body: readonly string[],
): readonly string[] {
  const text = body.join('\n');
  const list = parameters.map(([parameter, type]) => {
    const isUsed = new RegExp(`\\b${parameter}\\b`).test(text);
    return `${isUsed ? '' : '_'}${parameter}: ${type}`;
  });
  return [
    `export function ${name}(${list.join(', ')}): ${result} {`,
    ...body.map((line) => `  ${line}`),
    '}',
    '',
  ];
}
