// Offer constraints by themselves: what they mean, and what is not accepted.
import {
  CONSTRAINT_LIMITS,
  compileOfferConstraints,
  instructionsAtLeast,
  type RoleConstraint,
} from '@kaon/allocator';
import { AgentInfo, createMessage, type MessageInit, type schedulerV1 } from '@kaon/protocol';
import t from 'tap';

type Constraint = schedulerV1.AttributeConstraint;
type Predicate = schedulerV1.AttributeConstraint_Predicate;

function info(more: Partial<MessageInit<AgentInfo>> = {}): AgentInfo {
  return createMessage(AgentInfo, {
    hostname: 'h1.example',
    domain: { faultDomain: { region: { name: 'eu' }, zone: { name: 'eu-1' } } },
    attributes: [
      { name: 'rack', type: 'TEXT', text: { value: 'r1' } },
      { name: 'rack', type: 'TEXT', text: { value: 'r2' } },
      { name: 'disks', type: 'SCALAR', scalar: { value: 4 } },
    ],
    ...more,
  });
}

function constraintsOf(
  ...groups: readonly (readonly Constraint[])[]
): schedulerV1.OfferConstraints {
  return {
    roleConstraints: {
      web: { groups: groups.map((attributeConstraints) => ({ attributeConstraints })) },
    },
  };
}

function compiled(...groups: readonly (readonly Constraint[])[]): RoleConstraint {
  const result = compileOfferConstraints(constraintsOf(...groups));
  if (!result.ok) throw result.error;
  return result.value.get('web') as RoleConstraint;
}

function problem(...groups: readonly (readonly Constraint[])[]): string {
  const result = compileOfferConstraints(constraintsOf(...groups));
  return result.ok ? 'none' : `${result.error.code} ${result.error.message}`;
}

const on = (attributeName: string, predicate: Predicate): Constraint => ({
  selector: { attributeName },
  predicate,
});
const about = (
  pseudoattributeType: 'HOSTNAME' | 'REGION' | 'ZONE' | 'UNKNOWN',
  predicate: Predicate,
): Constraint => ({ selector: { pseudoattributeType }, predicate });

t.test('what each predicate says of texts, of other attributes and of none', async (t) => {
  const cases: readonly (readonly [Predicate, boolean, boolean, boolean])[] = [
    [{ exists: {} }, true, true, false],
    [{ notExists: {} }, false, false, true],
    [{ textEquals: { value: 'r1' } }, true, true, false],
    [{ textEquals: { value: 'r2' } }, false, true, false],
    [{ textNotEquals: { value: 'r1' } }, false, true, true],
    [{ textNotEquals: { value: 'r2' } }, true, true, true],
    [{ textMatches: { regex: 'r[0-9]' } }, true, true, false],
    [{ textMatches: { regex: 'r' } }, false, true, false],
    [{ textNotMatches: { regex: 'r[0-9]' } }, false, true, true],
    [{ textNotMatches: { regex: 'r' } }, true, true, true],
  ];
  for (const [predicate, text, scalar, absent] of cases) {
    const got = ['rack', 'disks', 'nothing'].map((name) =>
      compiled([on(name, predicate)]).accepts(info()),
    );
    t.same(got, [text, scalar, absent], JSON.stringify(predicate));
  }
});

t.test('hostname, region and zone are asked like attributes', async (t) => {
  t.ok(compiled([about('HOSTNAME', { textEquals: { value: 'h1.example' } })]).accepts(info()));
  t.ok(compiled([about('REGION', { textMatches: { regex: 'e.' } })]).accepts(info()));
  t.notOk(compiled([about('ZONE', { textEquals: { value: 'eu-2' } })]).accepts(info()));
  const nowhere = info({ domain: undefined });
  t.ok(compiled([about('ZONE', { notExists: {} })]).accepts(nowhere));
  t.notOk(compiled([about('REGION', { textEquals: { value: 'eu' } })]).accepts(nowhere));
});

t.test('groups are alternatives, the constraints of a group hold together', async (t) => {
  const first = on('rack', { textEquals: { value: 'r1' } });
  const never = on('rack', { notExists: {} });
  t.notOk(compiled([first, never]).accepts(info()));
  t.ok(compiled([first], [never]).accepts(info()));
  t.ok(compiled([never], [first]).accepts(info()));
});

t.test('constraints that say the same have the same text', async (t) => {
  const one = compiled([on('rack', { textEquals: { value: 'r1' } })]);
  t.equal(compiled([on('rack', { textEquals: { value: 'r1' } })]).text, one.text);
  t.not(compiled([on('rack', { textEquals: { value: 'r2' } })]).text, one.text);
  t.notOk(one.usesHostname);
  t.ok(compiled([about('HOSTNAME', { exists: {} })]).usesHostname);
});

t.test('what makes no sense is refused by name', async (t) => {
  const code = 'KAON_ALLOCATOR_CONSTRAINTS_INVALID';
  t.match(problem(), `${code} 'OfferConstraints::role_constraints' has an empty`);
  t.match(problem([]), /contains an empty RoleConstraints::Group/);
  t.match(problem([{ selector: {}, predicate: { exists: {} } }]), /Exactly one of/);
  t.match(problem([about('UNKNOWN', { exists: {} })]), /Unknown pseudoattribute type/);
  t.match(problem([on('rack', {})]), /Unknown predicate type/);
  t.match(problem([on('rack', { textMatches: { regex: '(' } })]), /Failed to construct regex/);
  t.match(problem([on('rack', { textNotMatches: { regex: '(?=a)' } })]), /Failed to construct/);
  const many = Array.from({ length: CONSTRAINT_LIMITS.constraintsPerRoleMax + 1 }, () =>
    on('rack', { exists: {} }),
  );
  t.match(problem(many), /1001 constraints; 1000 are allowed/);
});

t.test('regular expressions are bounded before they are compiled', async (t) => {
  const regex = (text: string): string => problem([on('rack', { textMatches: { regex: text } })]);
  t.match(regex('a'.repeat(5000)), /5000 bytes are more than 4096/);
  t.match(regex('a'.repeat(101)), /program size of 101 is larger than maximum of 100/);
  t.match(regex('(x{1000})'.repeat(400)), /program size of 400000/);
  t.match(regex('(?:ab){9}(?:c{5}){20}'), /too complex/);
  t.match(regex('[a-z]{1,50}'), /too complex/, 'found out by compiling');
  t.equal(regex('host-[0-9]{3}\\.example'), 'none');
});

t.test('the bound from the text is never above what the expression needs', async (t) => {
  t.equal(instructionsAtLeast('abc'), 3);
  t.equal(instructionsAtLeast('a{3}b*'), 4);
  t.equal(instructionsAtLeast('(?:ab){2,5}'.replace('?:', '')), 10);
  t.equal(instructionsAtLeast('[]a{9}]\\{{2}'), 3);
  t.equal(instructionsAtLeast('[[:alpha:]]x'), 2);
  t.equal(instructionsAtLeast('a{,5}'), 5, 'braces that repeat nothing are signs');
});

t.test('no expression makes a text take long', async (t) => {
  const evil = compiled([on('rack', { textMatches: { regex: '(a+)+b' } })]);
  const attributes = [{ name: 'rack', type: 'TEXT' as const, text: { value: 'a'.repeat(20_000) } }];
  t.notOk(evil.accepts(info({ attributes })), 'a backtracking engine would not answer');
});
