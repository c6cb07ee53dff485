// JSON text to plain values, with the error texts of Mesos' parser. The engine's own parser does the
// work; only what it refuses is read again here, to say where it goes wrong or to accept what Mesos
// accepts (numbers such as `01` and `1.`).
import { err, ok, type Result } from '@kaon/primitives';

/** Lists and objects inside each other. */
const DEPTH_MAX = 200;
/** Characters of the text that an error repeats. */
const REPEATED_MAX = 4096;

const SPACE = 0x20;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const TAB = 0x09;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** A text being read. `position` is the next character; it may stand one before the one just read. */
interface Cursor {
  readonly text: string;
  position: number;
  depth: number;
}

/** Marks a failure; the cursor says where. */
const FAILED = Symbol('failed');

/**
 * The value of a JSON text, or Mesos' sentence about what is wrong:
 * `syntax error at line 1 near: NaN}` or `Parsed JSON included non-whitespace trailing characters: x`.
 *
 * Objects come as plain objects; a `__proto__` member is an own property like any other.
 */
export function parseJson(text: string): Result<unknown, string> {
  try {
    return ok(JSON.parse(text));
  } catch {
    return parseLeniently(text);
  }
}

function parseLeniently(text: string): Result<unknown, string> {
  const cursor: Cursor = { text, position: 0, depth: 0 };
  const value = parseValue(cursor);
  if (value === FAILED) return err(syntaxError(cursor));
  const rest = text.slice(cursor.position);
  if (/[^ \t\n\r\v\f]/.test(rest)) {
    const shown = rest.slice(0, REPEATED_MAX);
    return err(`Parsed JSON included non-whitespace trailing characters: ${shown}`);
  }
  return ok(value);
}

function syntaxError({ text, position }: Cursor): string {
  let line = 1;
  for (let index = text.indexOf('\n'); index !== -1; index = text.indexOf('\n', index + 1)) {
    if (index >= position) break;
    line += 1;
  }
  const end = text.indexOf('\n', position);
  const limit = position + REPEATED_MAX;
  const rest = text.slice(position, end === -1 ? limit : Math.min(end, limit));
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are not shown
  return `syntax error at line ${line} near: ${rest.replace(/[\u0000-\u001f]/g, '')}`;
}

function parseValue(cursor: Cursor): unknown {
  skipSpace(cursor);
  const character = cursor.text[cursor.position];
  switch (character) {
    case 'n':
      return matchWord(cursor, 'null', null);
    case 't':
      return matchWord(cursor, 'true', true);
    case 'f':
      return matchWord(cursor, 'false', false);
    case '"':
      cursor.position += 1;
      return parseString(cursor);
    case '[':
      return nested(cursor, parseList);
    case '{':
      return nested(cursor, parseObject);
    default:
      return character !== undefined && /[-0-9]/.test(character) ? parseNumber(cursor) : FAILED;
  }
}

function nested(cursor: Cursor, parse: (cursor: Cursor) => unknown): unknown {
  if (cursor.depth === DEPTH_MAX) return FAILED;
  cursor.position += 1;
  cursor.depth += 1;
  const value = parse(cursor);
  cursor.depth -= 1;
  return value;
}

/** The cursor stays on the first character that does not fit. */
function matchWord(cursor: Cursor, word: string, value: unknown): unknown {
  for (const letter of word) {
    if (cursor.text[cursor.position] !== letter) return FAILED;
    cursor.position += 1;
  }
  return value;
}

const NUMBER_CHARACTERS = /[-+.eE0-9]*/y;

function parseNumber(cursor: Cursor): unknown {
  NUMBER_CHARACTERS.lastIndex = cursor.position;
  const digits = NUMBER_CHARACTERS.exec(cursor.text)?.[0] ?? '';
  cursor.position += digits.length;
  return /^-?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/.test(digits) ? Number(digits) : FAILED;
}

function parseList(cursor: Cursor): unknown {
  const items: unknown[] = [];
  if (expect(cursor, ']')) return items;
  do {
    const item = parseValue(cursor);
    if (item === FAILED) return FAILED;
    items.push(item);
  } while (expect(cursor, ','));
  return expect(cursor, ']') ? items : FAILED;
}

function parseObject(cursor: Cursor): unknown {
  const members: [string, unknown][] = [];
  if (expect(cursor, '}')) return {};
  do {
    if (!expect(cursor, '"')) return FAILED;
    const name = parseString(cursor);
    if (name === FAILED || !expect(cursor, ':')) return FAILED;
    const value = parseValue(cursor);
    if (value === FAILED) return FAILED;
    members.push([name as string, value]);
  } while (expect(cursor, ','));
  return expect(cursor, '}') ? Object.fromEntries(members) : FAILED;
}

function expect(cursor: Cursor, character: string): boolean {
  skipSpace(cursor);
  if (cursor.text[cursor.position] !== character) return false;
  cursor.position += 1;
  return true;
}

function skipSpace(cursor: Cursor): void {
  const { text } = cursor;
  for (;;) {
    const code = text.charCodeAt(cursor.position);
    if (code !== SPACE && code !== TAB && code !== LINE_FEED && code !== CARRIAGE_RETURN) return;
    cursor.position += 1;
  }
}

/** The rest of a string whose opening quote was read. */
function parseString(cursor: Cursor): unknown {
  const { text } = cursor;
  let value = '';
  for (;;) {
    const start = cursor.position;
    let code = text.charCodeAt(cursor.position);
    while (code >= SPACE && code !== QUOTE && code !== BACKSLASH) {
      cursor.position += 1;
      code = text.charCodeAt(cursor.position);
    }
    value += text.slice(start, cursor.position);
    // Past the end the code is NaN.
    if (code !== QUOTE && code !== BACKSLASH) return FAILED;
    cursor.position += 1;
    if (code === QUOTE) return value;
    const escaped = parseEscape(cursor);
    if (escaped === undefined) return FAILED;
    value += escaped;
  }
}

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

function parseEscape(cursor: Cursor): string | undefined {
  const letter = cursor.text[cursor.position];
  if (letter === undefined) return undefined;
  cursor.position += 1;
  if (letter !== 'u') return Object.hasOwn(ESCAPES, letter) ? ESCAPES[letter] : undefined;
  const digits = /^[0-9a-fA-F]{0,4}/.exec(cursor.text.slice(cursor.position, cursor.position + 4));
  const hex = digits?.[0] ?? '';
  cursor.position += hex.length;
  return hex.length === 4 ? String.fromCharCode(Number.parseInt(hex, 16)) : undefined;
}
