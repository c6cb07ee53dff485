// The second process of Kaon's pair.
import { startNode } from '@kaon/remote';
import { endWithParent } from '../../orphans.ts';
import { sink } from './kaon-sink-actor.ts';

endWithParent();

const node = await startNode();
process.send?.(node.system.spawn(sink, undefined, { id: 'sink' }).toString());
