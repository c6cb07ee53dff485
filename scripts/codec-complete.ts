// The lines of generated codecs that make and complete messages.
import type { Member, Message } from './codec-members.ts';

/** The lines that make a message without fields. */
export function makeLines({ local, members }: Message): readonly string[] {
  return [
    `const m = new ${local}Object();`,
    ...members.filter(({ label }) => label === 'repeated').map(({ key }) => `m.${key} = [];`),
    ...members
      .filter(({ label }) => label === 'map')
      .map(({ key }) => `m.${key} = newMap() as typeof m.${key};`),
    'return m;',
  ];
}

/** The line that completes a field. */
export function completeLine(member: Member): string {
  const { key, label, type } = member;
  const isMessage = type === 'message';
  switch (label) {
    case 'repeated':
      return isMessage
        ? `m.${key} = i.${key}?.map((v) => ${completeValue(member, 'v')}) ?? [];`
        : `m.${key} = (i.${key} as typeof m.${key}) ?? [];`;
    case 'map':
      return `m.${key} = completeMap(i.${key}, (v) => ${isMessage ? completeValue(member, 'v') : 'v'});`;
    default: {
      const value = isMessage ? completeValue(member, `i.${key}`) : `i.${key}`;
      return `if (i.${key} !== undefined) m.${key} = ${value};`;
    }
  }
}

/** What completes a value. */
export function completeValue({ reference, functions, place }: Member, value: string): string {
  return functions === undefined
    ? `completeByTable(${reference}, ${value})`
    : `${place}complete${functions}(${value})`;
}
