// What the master's endpoints are for: the pages of `/help/master` and its neighbours.
import type { HttpServer } from '@kaon/http';
import { addHelp, type EndpointHelp } from '@kaon/remote';

const JSONP = { jsonp: 'Name of a function: the answer is a script that calls it.' } as const;
const OF_FRAMEWORK = { framework_id: 'Only the framework with this id.' } as const;

const MASTER: readonly EndpointHelp[] = [
  { name: '/api/v1', summary: 'Calls of operators, in JSON or protobuf.' },
  {
    name: '/api/v1/scheduler',
    summary: 'Calls of schedulers; SUBSCRIBE opens their event stream.',
  },
  { name: '/create-volumes', summary: 'Creates persistent volumes on reserved disk.' },
  { name: '/destroy-volumes', summary: 'Destroys persistent volumes.' },
  { name: '/flags', summary: 'The flags the master runs with.', parameters: JSONP },
  {
    name: '/frameworks',
    summary: 'The frameworks, with their tasks and offers.',
    parameters: { ...OF_FRAMEWORK, ...JSONP },
  },
  { name: '/health', summary: '200 when the master serves.' },
  { name: '/machine/down', summary: 'Takes machines out of service.' },
  { name: '/machine/up', summary: 'Brings machines back.' },
  { name: '/maintenance/schedule', summary: 'The windows of maintenance, or sets them.' },
  { name: '/maintenance/status', summary: 'Machines that drain or are down.' },
  { name: '/quota', summary: 'Guarantees and limits of roles, or sets them.' },
  { name: '/redirect', summary: 'Sends to the leading master.' },
  { name: '/reserve', summary: 'Reserves resources of an agent for a role.' },
  { name: '/roles', summary: 'The roles, what they hold and may hold.', parameters: JSONP },
  { name: '/state', summary: 'Everything the master knows.', parameters: JSONP },
  { name: '/state-summary', summary: 'Agents and frameworks, tasks counted.', parameters: JSONP },
  {
    name: '/tasks',
    summary: 'The tasks, newest first, in pages.',
    parameters: {
      ...OF_FRAMEWORK,
      task_id: 'Only the tasks with this id.',
      limit: 'How many; 100 unless told.',
      offset: 'How many to leave out.',
      order: 'asc or des.',
      ...JSONP,
    },
  },
  { name: '/teardown', summary: 'Ends a framework and all its tasks.' },
  { name: '/unreserve', summary: 'Gives reserved resources back.' },
  { name: '/weights', summary: 'The weights of roles, or sets them.' },
  { name: '/allocator/explain', summary: 'Why a framework gets the offers it gets.' },
  { name: '/allocator/plan', summary: 'Who would be offered what now.' },
  { name: '/allocator/policy', summary: 'The policies that take part in allocation.' },
];

const FILES: readonly EndpointHelp[] = [
  { name: '/browse', summary: 'Lists a folder.', parameters: { path: 'Which one.' } },
  { name: '/debug', summary: 'Which paths lead where.' },
  { name: '/download', summary: 'A whole file.', parameters: { path: 'Which one.' } },
  {
    name: '/read',
    summary: 'A part of a file.',
    parameters: {
      path: 'Which one.',
      offset: 'From which byte; its size when absent.',
      length: 'At most.',
    },
  },
];

/** Adds the pages. `agentsName` is the name of the endpoint that lists agents. */
export function addMasterHelp(http: HttpServer, agentsName: string): void {
  const agents = {
    name: agentsName,
    summary: 'The agents, and all that is on them.',
    parameters: JSONP,
  };
  addHelp(http, 'master', [...MASTER, agents]);
  addHelp(http, 'files', FILES);
  addHelp(http, 'metrics', [
    {
      name: '/snapshot',
      summary: 'All figures by name.',
      parameters: { timeout: 'How long figures may take, as 5secs.' },
    },
    { name: '/prometheus', summary: 'The same for Prometheus.' },
  ]);
  addHelp(http, 'version', [{ name: '/', summary: 'Which build this is.' }]);
}
