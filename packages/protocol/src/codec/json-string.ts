// Strings and bytes in Mesos' JSON.

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must be escaped
const NEEDS_ESCAPE = /[\u0000-\u001f"\\\ud800-\udfff]/;

/** A JSON string. Control characters print as `\u001F`, upper case; slashes stay bare. */
export function formatString(text: string): string {
  if (!NEEDS_ESCAPE.test(text)) return `"${text}"`;
  return JSON.stringify(text).replace(/\\(\\|u00[0-9a-f]{2})/g, (_, sequence: string) =>
    sequence === '\\' ? '\\\\' : `\\u${sequence.slice(1).toUpperCase()}`,
  );
}

/** Bytes as padded base64 between quotes. */
export function formatBytes(bytes: Uint8Array): string {
  return `"${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')}"`;
}

/** The bytes of a base64 text up to its padding; a string says which character is not allowed. */
export function parseBase64(text: string): Uint8Array | string {
  const padding = text.indexOf('=');
  const digits = padding === -1 ? text : text.slice(0, padding);
  const wrong = /[^A-Za-z0-9+/]/.exec(digits);
  if (wrong !== null) return `Invalid character '${wrong[0]}'`;
  return new Uint8Array(Buffer.from(digits, 'base64'));
}
