// What the allocator is meant to reach, checked against the figures of the same run.
import { atMost, quotient, scaled, type Verdict } from '../verdicts.ts';
import {
  type ClusterSize,
  type ContenderId,
  FIGURES,
  type FigureId,
  figureSizes,
  type PassId,
  TARGET_SIZE,
} from './rows.ts';

/** Looks up the median of a pass over a cluster; undefined when it was not measured. */
export type PassValue = (
  row: PassId,
  size: ClusterSize,
  contender: ContenderId,
) => number | undefined;

/** What the targets need. */
export interface Measured {
  readonly pass: PassValue;
  /** Milliseconds of a first pass per grant. */
  readonly perGrant: (size: ClusterSize) => number | undefined;
  /** The median of a figure that stands alone. */
  readonly figure: (row: FigureId, contender: ContenderId) => number | undefined;
  /** A run with small sizes says nothing about targets. */
  readonly isQuick: boolean;
}

const MEGABYTE = 1e6;
/** Agents do not make agents dearer, but caches are only so large. */
const GROWTH_BY_AGENTS_MAX = 1.25;

/** All targets. */
export function judge({ pass, perGrant, figure, isQuick }: Measured): readonly Verdict[] {
  const allRules: ClusterSize = { ...TARGET_SIZE, shape: 'allRules' };
  const kaon = (row: PassId): number | undefined => pass(row, allRules, 'kaon');
  const floor = (row: PassId): number | undefined => pass(row, allRules, 'floor');
  const alone = (row: FigureId, contender: ContenderId = 'kaon'): number | undefined =>
    isQuick ? undefined : figure(row, contender);
  const passAtMost = (row: PassId, name: string, wantedMs: number): Verdict => ({
    ...atMost(name, kaon(row), wantedMs, 'ms'),
    floor: floor(row),
  });
  const megabytes = (row: FigureId): number | undefined => scaled(alone(row), 1 / MEGABYTE);
  const { decline } = figureSizes(false);

  return [
    passAtMost('first', 'first pass, all rules: goal', 50),
    passAtMost('first', 'first pass, all rules: to accept', 150),
    atMost('first pass, all rules: of the floor', quotient(kaon('first'), floor('first')), 4, 'x'),
    ...(['flat', 'tree'] as const).map((shape) => {
      const size = { ...TARGET_SIZE, shape };
      const ratio = quotient(pass('first', size, 'kaon'), pass('first', size, 'floor'));
      return atMost(`first pass, ${shape}: of the floor`, ratio, 4, 'x');
    }),
    passAtMost('refused90', '90 % refused, all rules: goal', 100),
    passAtMost('refused90', '90 % refused, all rules: to accept', 250),
    passAtMost('refused99', '99 % refused, all rules: goal', 100),
    passAtMost('refused99', '99 % refused, all rules: to accept', 250),
    passAtMost('changed', 'steady, 500 changed agents, all rules', 5),
    {
      ...atMost(
        `decline round, ${decline.agents} agents x ${decline.frameworks} frameworks`,
        alone('decline'),
        20,
        'ms',
      ),
      floor: alone('decline', 'floor'),
    },
    atMost('quota on all 3,000 roles', alone('quotaAll'), 150, 'ms'),
    ...(['flat', 'tree'] as const).map((shape) => growthByFrameworks(shape, perGrant)),
    ...(['flat', 'tree'] as const).map((shape) => growthByAgents(shape, perGrant)),
    atMost(FIGURES.stallFirst.title, alone('stallFirst'), 5, 'ms'),
    atMost(FIGURES.stallRevive.title, alone('stallRevive'), 5, 'ms'),
    atMost(FIGURES.memory.title, megabytes('memory'), 100, 'MB'),
    atMost(FIGURES.memoryRefused.title, megabytes('memoryRefused'), 100, 'MB'),
  ];
}

function growthByFrameworks(shape: ClusterSize['shape'], perGrant: Measured['perGrant']): Verdict {
  const few = 50;
  const many = TARGET_SIZE.frameworks;
  const { agents } = TARGET_SIZE;
  const growth = quotient(
    perGrant({ agents, frameworks: many, shape }),
    perGrant({ agents, frameworks: few, shape }),
  );
  const wanted = Math.log(many) / Math.log(few);
  return atMost(`time per offer, ${shape}: ${many} frameworks to ${few}`, growth, wanted, 'x');
}

function growthByAgents(shape: ClusterSize['shape'], perGrant: Measured['perGrant']): Verdict {
  const few = 10_000;
  const many = TARGET_SIZE.agents;
  const { frameworks } = TARGET_SIZE;
  const growth = quotient(
    perGrant({ agents: many, frameworks, shape }),
    perGrant({ agents: few, frameworks, shape }),
  );
  const title = `time per offer, ${shape}: ${many} agents to ${few}`;
  return atMost(title, growth, GROWTH_BY_AGENTS_MAX, 'x');
}
