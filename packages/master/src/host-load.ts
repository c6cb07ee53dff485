// What the machine of a master does at the moment: figures for metrics.

/** Load and memory of a machine. */
export interface HostLoad {
  readonly cpus: number;
  readonly load: {
    readonly oneMinute: number;
    readonly fiveMinutes: number;
    readonly fifteenMinutes: number;
  };
  readonly memoryFreeBytes: number;
  readonly memoryTotalBytes: number;
}

/** The figures under Mesos' keys. */
export function* hostMetrics(host: HostLoad): Iterable<readonly [string, number]> {
  yield ['system/cpus_total', host.cpus];
  yield ['system/load_1min', host.load.oneMinute];
  yield ['system/load_5min', host.load.fiveMinutes];
  yield ['system/load_15min', host.load.fifteenMinutes];
  yield ['system/mem_free_bytes', host.memoryFreeBytes];
  yield ['system/mem_total_bytes', host.memoryTotalBytes];
}
