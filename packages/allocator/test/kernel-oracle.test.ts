// The kernel against the plain rules on thousands of random clusters (`builders/oracle-campaign.ts`).
//
// Clusters are numbered, and the number is the seed. `KAON_ORACLE_CLUSTERS` runs more or fewer of them,
// `KAON_ORACLE_FIRST` begins elsewhere: to replay cluster 123 alone, run this file with
// `KAON_ORACLE_FIRST=123 KAON_ORACLE_CLUSTERS=1`. A long campaign: `KAON_ORACLE_CLUSTERS=1000000`.
import { AllocatorKernel } from '@kaon/allocator';
import t from 'tap';
import { runCluster } from './builders/oracle-campaign.ts';

const CLUSTERS_DEFAULT = 10_000;
const CLUSTERS = Number(process.env['KAON_ORACLE_CLUSTERS'] ?? CLUSTERS_DEFAULT);
const FIRST = Number(process.env['KAON_ORACLE_FIRST'] ?? 0);
/** Differences shown before the campaign ends. */
const DIFFERENCES_MAX = 3;

/** Each rule must have decided this often in 1000 clusters, or the campaign proves too little. */
const FIRED_PER_THOUSAND_MIN: Readonly<Record<string, number>> = {
  pass: 3900,
  'grantIn:guarantees': 400,
  'grantIn:fairShare': 4000,
  helpsNoGuarantee: 100,
  guaranteeChecked: 40,
  choppedByLimit: 800,
  choppedByHeadroom: 500,
  grantChopped: 500,
  itemsUnchopped: 200,
  wholeGranted: 400,
  wholeLeftOut: 400,
  partitionedPass: 200,
  agentSplit: 800,
  reservedAbove: 800,
  sharedGranted: 400,
  sharedOffered: 400,
  sharedReoffered: 100,
  refused: 300,
  refusedChopped: 30,
  refusalExpired: 200,
  refusalTooSmall: 200,
  excluded: 100,
  ownMinimums: 200,
  crumbs: 500,
  notAllocatable: 200,
  stripped: 800,
  gpuAgent: 200,
  remoteRegion: 200,
  agentNotMultiRole: 200,
  agentNotHierarchicalRole: 200,
  randomOrder: 4000,
  tieByAllocations: 2000,
  tieByName: 2000,
  virtualLeaf: 2000,
};

const fired = new Map<string, number>();

t.test(`${CLUSTERS} random clusters: the kernel decides as the plain rules do`, async (t) => {
  t.setTimeout(0);
  let differences = 0;
  for (let seed = FIRST; seed < FIRST + CLUSTERS; seed += 1) {
    try {
      runCluster(seed, (options) => new AllocatorKernel(options), fired);
    } catch (error) {
      t.fail(`cluster ${seed}, ${error instanceof Error ? error.message : error}`);
      differences += 1;
      if (differences === DIFFERENCES_MAX) break;
    }
  }
});

t.test('the campaign reaches every rule', { skip: CLUSTERS < 1000 }, async (t) => {
  for (const [rule, least] of Object.entries(FIRED_PER_THOUSAND_MIN)) {
    const perThousand = ((fired.get(rule) ?? 0) / CLUSTERS) * 1000;
    t.ok(perThousand >= least, `${rule}: ${Math.round(perThousand)} times in 1000 clusters`);
  }
});
