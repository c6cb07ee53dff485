// Election without an ensemble: one master, known by its address, leads as long as it runs.
import { invariant } from '@kaon/primitives';
import type { MasterInfo } from '@kaon/protocol';
import type { Contender, ContenderCallbacks, Detector, Leader } from './leader.ts';
import { type MasterAddress, masterPid } from './master-address.ts';

/** A contender that leads at once. Two masters of this kind know nothing of each other. */
export function standaloneContender(): Contender {
  let isContending = false;
  return {
    contend(_candidate: MasterInfo, { onElected }: ContenderCallbacks) {
      invariant(!isContending, 'a contender contends once');
      isContending = true;
      // Not from within the call: a contender on the network never answers there either.
      queueMicrotask(() => {
        if (isContending) onElected();
      });
    },
    async withdraw() {
      isContending = false;
    },
  };
}

/** A detector that always sees the master at `address` leading, whether or not it can be reached. */
export function standaloneDetector(address: MasterAddress, info?: MasterInfo): Detector {
  const watchers = new Set<(leader: Leader | undefined) => void>();
  const leader: Leader = { pid: masterPid(address), ...(info ? { info } : {}) };
  return {
    watch(onChange) {
      // A watcher of its own each time, so that one callback may watch twice.
      const watcher = (seen: Leader | undefined): void => onChange(seen);
      watchers.add(watcher);
      queueMicrotask(() => {
        if (watchers.has(watcher)) watcher(leader);
      });
      return () => {
        watchers.delete(watcher);
      };
    },
    async close() {
      watchers.clear();
    },
  };
}
