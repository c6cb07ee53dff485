// What the agent's endpoints are for: the pages of `/help/<id of the agent>`.
import type { HttpServer } from '@kaon/http';
import { addHelp, type EndpointHelp } from '@kaon/remote';

const JSONP = { jsonp: 'Name of a function: the answer is a script that calls it.' } as const;

const AGENT: readonly EndpointHelp[] = [
  { name: '/api/v1', summary: 'Calls of operators, in JSON or protobuf.' },
  { name: '/api/v1/executor', summary: 'Calls of executors; SUBSCRIBE opens their event stream.' },
  { name: '/containerizer/debug', summary: 'Operations of the containerizer that hang.' },
  { name: '/containers', summary: 'The containers, and what they use.', parameters: JSONP },
  { name: '/flags', summary: 'The flags the agent runs with.', parameters: JSONP },
  { name: '/health', summary: '200 when the agent serves.' },
  { name: '/monitor/statistics', summary: 'What executors use.', parameters: JSONP },
  { name: '/state', summary: 'Everything the agent knows.', parameters: JSONP },
  {
    name: '/files/browse',
    summary: 'Lists a folder of a sandbox.',
    parameters: { path: 'Which one.' },
  },
  { name: '/files/debug', summary: 'Which paths lead where.' },
  { name: '/files/download', summary: 'A whole file.', parameters: { path: 'Which one.' } },
  {
    name: '/files/read',
    summary: 'A part of a file.',
    parameters: {
      path: 'Which one.',
      offset: 'From which byte; its size when absent.',
      length: 'At most.',
    },
  },
];

/** Adds the pages of the agent called `id`. */
export function addAgentHelp(http: HttpServer, id: string): void {
  addHelp(http, id, AGENT);
}
