// How a framework stands, for people: what `kaon why` prints.
import type {
  AgentVerdict,
  Amounts,
  FrameworkStanding,
  Plan,
  RoleStanding,
} from '../cluster/explanation.ts';
import type { Named } from '../cluster/find-by-name.ts';
import { count, formatElapsed } from './format.ts';
import { type Column, formatTable, printable } from './table.ts';

type Fact = readonly [name: string, value: string];

/** Names that are printed beside ids. */
export interface StandingNames {
  readonly framework: Named;
  /** The agent asked about, if one was. */
  readonly agent: Named | undefined;
  /** Whatever else an id may stand for; the id itself when it is not known. */
  readonly nameOf: (id: string) => string;
}

/** The whole answer to "why?". */
export function standingText(standing: FrameworkStanding, names: StandingNames): string {
  const { framework } = names;
  const head = line(`framework ${framework.name} (${framework.id}), ${asOf(standing)}`);
  if (standing.roles.length === 0) return `${head}\n${line('it has no roles')}`;
  return [head, ...standing.roles.map((role) => roleText(role, names))].join('\n');
}

/** What the next pass would grant the framework. */
export function planText({ total, grants }: Plan, { nameOf }: StandingNames): string {
  if (total === 0) return `\n${line('the next pass would grant it nothing')}`;
  const columns: readonly Column<Plan['grants'][number]>[] = [
    { title: 'AGENT', text: ({ agent_id: id }) => id },
    { title: 'HOST', text: ({ agent_id: id }) => nameOf(id) },
    { title: 'ROLE', text: ({ role }) => role },
    { title: 'RESOURCES', text: ({ quantities }) => amounts(quantities) },
  ];
  const rest = total - grants.length;
  return [
    `\n${line(`the next pass would make it ${count(total, 'grant')}:`)}`,
    indented(formatTable(columns, grants)),
    rest > 0 ? line(`  and ${rest} more`) : '',
  ].join('');
}

function asOf({ time, last_full_pass_time: full }: FrameworkStanding): string {
  if (full === undefined) return 'before the first pass over all agents';
  return `as of the pass over all agents ${formatElapsed((time - full) * 1000)} ago`;
}

function roleText(role: RoleStanding, names: StandingNames): string {
  return [
    line(headline(role)),
    ...role.advice.map((sentence) => line(`  ${sentence}`)),
    section(skipTable(role)),
    section(standingTable(role, names)),
    section(facts(roleFacts(role))),
    role.agent === undefined ? '' : `\n${agentText(role.agent, names)}`,
  ].join('');
}

const COMPETING: Readonly<Record<RoleStanding['competing'], string>> = {
  yes: 'competing',
  not_subscribed: 'not competing (not subscribed)',
  inactive: 'not competing (inactive)',
  suppressed: 'not competing (offers suppressed)',
};

function headline({ role, competing, candidates, granted_agents: granted }: RoleStanding): string {
  return `role ${role}: ${COMPETING[competing]}, ${granted} of ${count(candidates, 'agent')} granted`;
}

function skipTable({ skipped_agents: skipped }: RoleStanding): string {
  const rows = Object.entries(skipped).sort(([, left], [, right]) => right - left);
  if (rows.length === 0) return '';
  const columns: readonly Column<readonly [string, number]>[] = [
    { title: 'NOT GRANTED', text: ([reason]) => words(reason) },
    { title: 'AGENTS', text: ([, agents]) => String(agents), align: 'right' },
  ];
  return formatTable(columns, rows);
}

function standingTable({ standings }: RoleStanding, { framework }: StandingNames): string {
  if (standings.length === 0) return '';
  const columns: readonly Column<RoleStanding['standings'][number]>[] = [
    { title: 'IN LINE', text: ({ path }) => (path === framework.id ? framework.name : path) },
    { title: 'SHARE', text: ({ share }) => digits(share), align: 'right' },
    { title: 'WEIGHT', text: ({ weight }) => digits(weight), align: 'right' },
    { title: 'FIRST IN LINE', text: ({ first_share: first }) => digits(first), align: 'right' },
    { title: 'BEFORE IT', text: ({ before }) => String(before), align: 'right' },
  ];
  return formatTable(columns, standings);
}

function roleFacts(role: RoleStanding): readonly Fact[] {
  const { headroom, held, largest_agent: largest, minimums, quota } = role;
  const known: Fact[] = [
    ['holds', amounts(held)],
    [
      'needs at least',
      minimums.length === 0 ? 'anything' : minimums.map((minimum) => amounts(minimum)).join(' or '),
    ],
    ['agents that could serve it if empty', `${role.suitable_agents} of ${role.candidates}`],
    ['the most of one agent', amounts(largest)],
  ];
  if (quota !== undefined) {
    known.push([
      `quota of ${quota.role}`,
      `${amounts(quota.guarantees)} guaranteed; limit ${amounts(quota.limits, 'none')}; ${amounts(quota.consumed)} used`,
    ]);
  }
  if (hasAny(headroom.required)) {
    known.push([
      'kept for guarantees',
      `${amounts(headroom.required)} of ${amounts(headroom.available)} free`,
    ]);
  }
  return known;
}

function agentText(verdict: AgentVerdict, { agent, nameOf }: StandingNames): string {
  const { refusal, winner } = verdict;
  const known: Fact[] = [
    ['free for the role', amounts(verdict.free)],
    ['of that, would be offered', amounts(verdict.offerable)],
    ['the empty agent has', amounts(verdict.whole)],
  ];
  if (verdict.missing_capabilities.length > 0) {
    known.push(['missing', verdict.missing_capabilities.join(', ')]);
  }
  if (Object.keys(verdict.limit_left).length > 0) {
    known.push(['the limit leaves', amounts(verdict.limit_left)]);
  }
  if (refusal !== undefined) {
    const ends = formatElapsed(refusal.expires_in * 1000);
    known.push([`refusal ${refusal.id}`, `of ${amounts(refusal.refused)}, ends in ${ends}`]);
  }
  if (verdict.constraint !== undefined) known.push(['constraint', verdict.constraint]);
  if (winner !== undefined) {
    const { framework_id: id, role, share } = winner;
    known.push(['granted last to', `${nameOf(id)} in role ${role}, at share ${digits(share)}`]);
  }
  const name = agent === undefined ? verdict.agent_id : `${agent.name} (${agent.id})`;
  return [
    line(`  agent ${name}: ${words(verdict.verdict)}`),
    line(`    ${verdict.because}`),
    indented(indented(facts(known))),
  ].join('');
}

/** Names and values, aligned. */
function facts(known: readonly Fact[]): string {
  const width = Math.max(...known.map(([name]) => [...name].length));
  return known.map(([name, value]) => line(`${name.padEnd(width)}  ${value}`)).join('');
}

/** `cpus 1.5, mem 64`; only what is above zero. */
function amounts(quantities: Amounts, none = 'nothing'): string {
  const parts = Object.entries(quantities).filter(([, value]) => value !== 0);
  return parts.length === 0 ? none : parts.map(([name, value]) => `${name} ${value}`).join(', ');
}

function hasAny(quantities: Amounts): boolean {
  return Object.values(quantities).some((value) => value > 0);
}

/** `lower_share` as people write it. */
function words(reason: string): string {
  return reason.replaceAll('_', ' ');
}

/** At most four digits that count. */
function digits(value: number): string {
  return String(Number(value.toPrecision(4)));
}

function section(text: string): string {
  return text === '' ? '' : `\n${indented(text)}`;
}

function indented(text: string): string {
  return text.replace(/^(?!$)/gm, '  ');
}

function line(text: string): string {
  return `${printable(text)}\n`;
}
