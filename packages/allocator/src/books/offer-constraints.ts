// Offer constraints of schedulers: checked, compiled, and asked about agents. Nothing is kept here.
import { err, ok, type Result } from '@kaon/primitives';
import type { AgentInfo, Attribute, schedulerV1 } from '@kaon/protocol';
import { RE2JS } from 're2js';
import { ConstraintsInvalidError } from '../errors.ts';

/** Bounds of what a scheduler may have evaluated. */
export interface ConstraintLimits {
  /** Bytes of one regular expression. Default: 4 096. */
  readonly regexBytesMax: number;
  /** Instructions of one compiled regular expression. Default: 100. */
  readonly regexProgramMax: number;
  /** Constraints of one role. Default: 1 000. */
  readonly constraintsPerRoleMax: number;
}

/** The defaults of Mesos' flags `offer_constraints_re2_max_mem` and `_max_program_size`. */
export const CONSTRAINT_LIMITS: ConstraintLimits = {
  regexBytesMax: 4096,
  regexProgramMax: 100,
  constraintsPerRoleMax: 1000,
};

/** The constraints of one role of one framework. */
export interface RoleConstraint {
  /** The same for constraints that say the same in the same words. */
  readonly text: string;
  /** Whether the hostname matters: then agents of the same attributes may differ. */
  readonly usesHostname: boolean;
  /** Whether the role wants offers of such an agent. */
  accepts(info: AgentInfo): boolean;
  /** Why it does not: of each group the first constraint that does not hold, and what the agent has. */
  failing(info: AgentInfo): string;
}

/** Whether a value is as wanted; undefined: the agent has no such attribute. */
type Predicate = (value: string | Attribute | undefined) => boolean;
interface Test {
  holds(info: AgentInfo): boolean;
  /** The constraint, and what the agent has in its place. */
  describe(info: AgentInfo): string;
}
type Checked<T> = Result<T, string>;

/**
 * Compiles the constraints of every role.
 *
 * A role wants an agent when all constraints of at least one of its groups hold. Constraints on the text
 * of an attribute that is no text hold. Sentences of errors are Mesos'.
 */
export function compileOfferConstraints(
  { roleConstraints }: schedulerV1.OfferConstraints,
  limits = CONSTRAINT_LIMITS,
): Result<ReadonlyMap<string, RoleConstraint>, ConstraintsInvalidError> {
  const compiled = new Map<string, RoleConstraint>();
  for (const [role, { groups }] of Object.entries(roleConstraints)) {
    const constraint = compileRole(role, groups, limits);
    if (!constraint.ok) return err(new ConstraintsInvalidError(role, constraint.error));
    compiled.set(role, constraint.value);
  }
  return ok(compiled);
}

type Group = schedulerV1.OfferConstraints_RoleConstraints_Group;

function compileRole(
  role: string,
  groups: readonly Group[],
  limits: ConstraintLimits,
): Checked<RoleConstraint> {
  if (groups.length === 0) {
    return err(
      `'OfferConstraints::role_constraints' has an empty 'RoleConstraints::groups' for role ${role}`,
    );
  }
  const count = groups.reduce((sum, group) => sum + group.attributeConstraints.length, 0);
  if (count > limits.constraintsPerRoleMax) {
    return err(
      `A role ${role} has ${count} constraints; ${limits.constraintsPerRoleMax} are allowed`,
    );
  }
  const tests: Test[][] = [];
  let usesHostname = false;
  for (const { attributeConstraints } of groups) {
    if (attributeConstraints.length === 0) {
      return err(
        `'OfferConstraints::RoleConstraints::groups' for role ${role} contains an empty RoleConstraints::Group`,
      );
    }
    const group: Test[] = [];
    for (const constraint of attributeConstraints) {
      const test = compileConstraint(constraint, limits);
      if (!test.ok) {
        return err(`A role ${role} has an invalid 'AttributeConstraint': ${test.error}`);
      }
      usesHostname ||= constraint.selector.pseudoattributeType === 'HOSTNAME';
      group.push(test.value);
    }
    tests.push(group);
  }
  return ok({
    text: JSON.stringify(groups),
    usesHostname,
    accepts: (info) => tests.some((group) => group.every((test) => test.holds(info))),
    failing: (info) =>
      tests
        .map((group) => group.find((test) => !test.holds(info))?.describe(info) ?? 'none')
        .join('; or '),
  });
}

function compileConstraint(
  { selector, predicate }: schedulerV1.AttributeConstraint,
  limits: ConstraintLimits,
): Checked<Test> {
  const select = compileSelector(selector);
  if (!select.ok) return select;
  const holds = compilePredicate(predicate, limits);
  if (!holds.ok) return holds;
  return ok({
    holds: (info) => holds.value(select.value(info)),
    describe: (info) => {
      const { attributeName, pseudoattributeType } = selector;
      const name = attributeName ?? pseudoattributeType ?? '';
      return `${name} ${predicateText(predicate)}, but ${valueText(select.value(info))}`;
    },
  });
}

function predicateText(predicate: schedulerV1.AttributeConstraint_Predicate): string {
  const { exists, notExists, textEquals, textNotEquals, textMatches, textNotMatches } = predicate;
  if (exists !== undefined) return 'must exist';
  if (notExists !== undefined) return 'must not exist';
  if (textEquals !== undefined) return `must be '${textEquals.value}'`;
  if (textNotEquals !== undefined) return `must not be '${textNotEquals.value}'`;
  if (textMatches !== undefined) return `must match '${textMatches.regex}'`;
  return `must not match '${textNotMatches?.regex ?? ''}'`;
}

function valueText(value: string | Attribute | undefined): string {
  if (value === undefined) return 'the agent has none';
  const text = typeof value === 'string' ? value : value.text?.value;
  return text === undefined ? 'the agent has one that is no text' : `it is '${text}'`;
}

function compileSelector({
  attributeName,
  pseudoattributeType,
}: schedulerV1.AttributeConstraint_Selector): Checked<
  (info: AgentInfo) => string | Attribute | undefined
> {
  if (attributeName !== undefined && pseudoattributeType === undefined) {
    return ok(({ attributes }) => attributes.find(({ name }) => name === attributeName));
  }
  if (attributeName !== undefined || pseudoattributeType === undefined) {
    return err(
      "Exactly one of 'AttributeConstraint::Selector::name' or" +
        " 'AttributeConstraint::Selector::pseudoattribute_type' must be set",
    );
  }
  switch (pseudoattributeType) {
    case 'HOSTNAME':
      return ok(({ hostname }) => hostname);
    case 'REGION':
      return ok(({ domain }) => domain?.faultDomain?.region.name);
    case 'ZONE':
      return ok(({ domain }) => domain?.faultDomain?.zone.name);
    default:
      return err('Unknown pseudoattribute type');
  }
}

function compilePredicate(
  predicate: schedulerV1.AttributeConstraint_Predicate,
  limits: ConstraintLimits,
): Checked<Predicate> {
  const { exists, notExists, textEquals, textNotEquals, textMatches, textNotMatches } = predicate;
  if (exists !== undefined) return ok((value) => value !== undefined);
  if (notExists !== undefined) return ok((value) => value === undefined);
  if (textEquals !== undefined) return ok(onText(false, (text) => text === textEquals.value));
  if (textNotEquals !== undefined) return ok(onText(true, (text) => text !== textNotEquals.value));
  if (textMatches !== undefined) {
    const regex = compileRegex(textMatches.regex, limits);
    return regex.ok ? ok(onText(false, (text) => regex.value.testExact(text))) : regex;
  }
  if (textNotMatches !== undefined) {
    const regex = compileRegex(textNotMatches.regex, limits);
    return regex.ok ? ok(onText(true, (text) => !regex.value.testExact(text))) : regex;
  }
  return err('Unknown predicate type');
}

/** A predicate on texts: `ifAbsent` for no such attribute; other than text there is nothing to compare. */
function onText(ifAbsent: boolean, holds: (text: string) => boolean): Predicate {
  return (value) => {
    if (value === undefined) return ifAbsent;
    if (typeof value === 'string') return holds(value);
    return value.type !== 'TEXT' || holds(value.text?.value ?? '');
  };
}

/** The whole text must match. RE2 takes linear time, whatever the expression. */
function compileRegex(
  regex: string,
  { regexBytesMax, regexProgramMax }: ConstraintLimits,
): Checked<RE2JS> {
  const bytes = Buffer.byteLength(regex);
  if (bytes > regexBytesMax) {
    return err(
      `Failed to construct regex from pattern '${regex.slice(0, 64)}…': ${bytes} bytes are more than ${regexBytesMax}`,
    );
  }
  // Repetitions multiply: a short pattern can take a second to compile only to be found too large.
  const tooComplex = (size: number): Checked<RE2JS> =>
    err(
      `Regex '${regex}' is too complex: program size of ${size} is larger than maximum of ${regexProgramMax} allowed`,
    );
  const atLeast = instructionsAtLeast(regex);
  if (atLeast > regexProgramMax) return tooComplex(atLeast);
  try {
    const compiled = RE2JS.compile(regex);
    const size = compiled.programSize();
    return size > regexProgramMax ? tooComplex(size) : ok(compiled);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return err(`Failed to construct regex from pattern '${regex}': ${reason}`);
  }
}

/**
 * A lower bound of the instructions of a regular expression, from its text alone: one for each sign or
 * class, times the repetitions around it. What is no legal expression gets some number.
 */
export function instructionsAtLeast(regex: string): number {
  const groups: number[] = [];
  let size = 0;
  let last = 0;
  const add = (instructions: number): void => {
    size += instructions;
    last = instructions;
  };
  for (let at = 0; at < regex.length; at += 1) {
    const sign = regex[at];
    if (sign === '\\') {
      at += 1;
      add(1);
    } else if (sign === '[') {
      at = endOfClass(regex, at);
      add(1);
    } else if (sign === '(') {
      groups.push(size);
      size = 0;
      last = 0;
    } else if (sign === ')') {
      const inside = size;
      size = groups.pop() ?? 0;
      add(inside);
    } else if (sign === '{') {
      const repeat = /^\{(\d{1,6})(,(\d{0,6}))?\}/.exec(regex.slice(at, at + 16));
      if (repeat === null) {
        add(1);
        continue;
      }
      const times = Math.max(Number(repeat[1]), Number(repeat[3] ?? 0));
      size += last * (times - 1);
      last *= times;
      at += repeat[0].length - 1;
    } else if (!'|*+?^$'.includes(sign ?? '')) {
      add(1);
    }
  }
  return size;
}

/** Where the class that begins at `start` ends; a bracket that comes first is a sign like others. */
function endOfClass(regex: string, start: number): number {
  let at = start + 1;
  if (regex[at] === '^') at += 1;
  if (regex[at] === ']') at += 1;
  while (at < regex.length && regex[at] !== ']') {
    if (regex[at] === '\\') at += 1;
    else if (regex.startsWith('[:', at)) at = Math.max(at, regex.indexOf(':]', at) + 1);
    at += 1;
  }
  return at;
}
