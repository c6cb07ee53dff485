// Loads the generated codecs. Those who encode or decode look for one here first, and else work through the table.
import { kaonInternalCodecs } from '../generated/codecs/kaon-internal.ts';
import { mesosV1Codecs } from '../generated/codecs/mesos-v1.ts';
import { mesosV1ExecutorCodecs } from '../generated/codecs/mesos-v1-executor.ts';
import { mesosV1MasterCodecs } from '../generated/codecs/mesos-v1-master.ts';
import { mesosV1SchedulerCodecs } from '../generated/codecs/mesos-v1-scheduler.ts';
import { generatedCodec, registerCodecs } from './codec-registry.ts';

for (const entries of [
  kaonInternalCodecs,
  mesosV1Codecs,
  mesosV1ExecutorCodecs,
  mesosV1MasterCodecs,
  mesosV1SchedulerCodecs,
]) {
  registerCodecs(entries);
}

export { generatedCodec };
