// `npm run bench -- api`: what clients of a master's HTTP API get, next to bare node:http in the same run.
import { type BenchOptions, report } from '../harness.ts';
import { printVerdicts } from '../verdicts.ts';
import { fanOut } from './fan-out.ts';
import { launchPath } from './launch-path.ts';
import { masterEvents } from './master-events.ts';
import { smallGets } from './small-gets.ts';
import { stateReads } from './state-reads.ts';

/** The parts, in order. */
const PARTS = [smallGets, fanOut, masterEvents, stateReads, launchPath] as const;

export async function runAndReport(options: BenchOptions): Promise<void> {
  const figures = [];
  const verdicts = [];
  for (const part of PARTS) {
    const made = await part(options);
    figures.push(...made.figures);
    verdicts.push(...made.verdicts);
  }
  report('api', figures, options);
  printVerdicts(verdicts, 'sockets that answer unread');
}
