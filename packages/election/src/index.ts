// Public surface of `@kaon/election`.
export type { Contender, ContenderCallbacks, Detector, Leader } from './leader.ts';
export {
  MASTER_PORT,
  type MasterAddress,
  masterPid,
  parseMasterAddress,
} from './master-address.ts';
export { standaloneContender, standaloneDetector } from './standalone.ts';
