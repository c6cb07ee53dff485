// The real event loop below a simulation: promises continue on it while virtual time stands still.

/** Lets promises that are ready continue. Real time passes; virtual time does not. */
export function eventLoopRound(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** As Node names them; `CloseReq` closes a file handle. */
const DISK_RESOURCES = new Set(['FSReqCallback', 'FSReqPromise', 'CloseReq']);

/** Whether requests to the real file system are under way, from here or from the test runner. */
export function isDiskBusy(): boolean {
  return process.getActiveResourcesInfo().some((resource) => DISK_RESOURCES.has(resource));
}
