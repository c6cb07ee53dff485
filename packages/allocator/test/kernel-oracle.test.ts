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
const CLUSTERS_PER_TEST = 1000;
const CLUSTER_TIMEOUT_MS = 100;
/** Differences shown before the campaign ends. */
const DIFFERENCES_MAX = 3;

/** Each rule must have decided this often in 1000 clusters, or the campaign proves too little. */
const FIRED_PER_THOUSAND_MIN: Readonly<Record<string, number>> = {
  pass: 3900,
  'grantIn:guarantees': 500,
  'grantIn:fairShare': 7000,
  helpsNoGuarantee: 200,
  guaranteeChecked: 15,
  choppedByLimit: 2000,
  choppedByHeadroom: 1000,
  grantChopped: 1000,
  itemsUnchopped: 600,
  wholeGranted: 1400,
  wholeLeftOut: 1200,
  partitionedPass: 400,
  agentSplit: 1700,
  reservedAbove: 2500,
  sharedGranted: 1000,
  sharedOffered: 2000,
  sharedReoffered: 150,
  refused: 1000,
  refusedChopped: 150,
  refusalExpired: 300,
  refusalTooSmall: 900,
  excluded: 250,
  ownMinimums: 1200,
  crumbs: 4000,
  notAllocatable: 700,
  stripped: 2000,
  gpuAgent: 800,
  remoteRegion: 500,
  agentNotMultiRole: 1000,
  agentNotHierarchicalRole: 1400,
  randomOrder: 15000,
  tieByAllocations: 10000,
  tieByName: 15000,
  virtualLeaf: 12000,
};

const fired = new Map<string, number>();

// The whole file runs longer than others; the runner is told before the first cluster.
t.setTimeout(CLUSTERS * CLUSTER_TIMEOUT_MS);

let differences = 0;
for (let first = FIRST; first < FIRST + CLUSTERS; first += CLUSTERS_PER_TEST) {
  const end = Math.min(first + CLUSTERS_PER_TEST, FIRST + CLUSTERS);
  t.test(`clusters ${first} to ${end - 1}: the kernel decides as the plain rules do`, async (t) => {
    for (let seed = first; seed < end && differences < DIFFERENCES_MAX; seed += 1) {
      try {
        runCluster(seed, (options) => new AllocatorKernel(options), fired);
      } catch (error) {
        differences += 1;
        t.fail(`cluster ${seed}, ${error instanceof Error ? error.message : error}`);
      }
    }
    t.equal(differences, 0, 'differences so far');
  });
}

t.test('the campaign reaches every rule', { skip: CLUSTERS < CLUSTERS_PER_TEST }, async (t) => {
  const tooRare = Object.entries(FIRED_PER_THOUSAND_MIN)
    .map(([rule, least]) => ({ rule, least, found: (1000 * (fired.get(rule) ?? 0)) / CLUSTERS }))
    .filter(({ least, found }) => found < least);
  t.same(tooRare, []);
});
