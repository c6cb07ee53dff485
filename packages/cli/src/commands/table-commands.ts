// `kaon tasks`, `kaon agents`, `kaon frameworks`: what a master knows, for people or for scripts.
import { type Command, Option } from 'commander';
import { fetchMasterState, type MasterState } from '../cluster/master-state.ts';
import {
  agentRecords,
  frameworkRecords,
  taskRecords,
  unreachableAgents,
} from '../cluster/records.ts';
import { agentColumns, frameworkColumns, taskColumns } from '../output/cluster-columns.ts';
import { count } from '../output/format.ts';
import { formatTable } from '../output/table.ts';
import { addBoolean, type CommandContext, masterOption } from './command-context.ts';

interface TableFlags {
  readonly master: string;
  readonly json?: boolean;
  readonly active?: boolean;
  readonly framework?: string;
}

/** Adds the three commands to `program`. */
export function addTableCommands(program: Command, context: CommandContext): void {
  const { terminal } = context;
  const print = <T>(flags: TableFlags, rows: readonly T[], table: string): void => {
    terminal.out(flags.json === true ? `${JSON.stringify(rows, undefined, 2)}\n` : table);
  };

  const tasks = tableCommand(program, 'tasks', 'list the tasks a master knows, newest last');
  addBoolean(tasks, 'active', 'leave out tasks that have ended');
  tasks
    .addOption(new Option('--framework <id>', 'only tasks of this framework'))
    .action(async (flags: TableFlags) => {
      const state = await fetchMasterState(flags.master);
      const rows = taskRecords(state).filter(
        ({ ended, framework_id }) =>
          !(flags.active === true && ended) &&
          (flags.framework === undefined || framework_id === flags.framework),
      );
      print(flags, rows, orNone(rows, formatTable(taskColumns(Date.now()), rows), 'no tasks'));
    });

  tableCommand(program, 'agents', 'list the agents of the cluster and what they have').action(
    async (flags: TableFlags) => {
      const state = await fetchMasterState(flags.master);
      const rows = agentRecords(state);
      const table = orNone(rows, formatTable(agentColumns(Date.now()), rows), 'no agents');
      print(flags, rows, table + unreachableLine(state));
    },
  );

  const frameworks = tableCommand(
    program,
    'frameworks',
    'list the frameworks that use the cluster',
  );
  addBoolean(frameworks, 'active', 'leave out frameworks that are gone');
  frameworks.action(async (flags: TableFlags) => {
    const state = await fetchMasterState(flags.master);
    const rows = frameworkRecords(state).filter(
      (row) => flags.active !== true || row.state !== 'completed',
    );
    const table = formatTable(frameworkColumns(Date.now()), rows);
    print(flags, rows, orNone(rows, table, 'no frameworks'));
  });
}

function tableCommand(program: Command, name: string, summary: string): Command {
  const command = program
    .command(name)
    .description(`${summary[0]?.toUpperCase()}${summary.slice(1)}.`)
    .summary(summary)
    .addOption(masterOption())
    .addHelpText(
      'after',
      `
Examples:
  $ kaon ${name}
  $ kaon ${name} --master 10.0.0.1:5050 --json
`,
    );
  return addBoolean(command, 'json', 'print a JSON list, for scripts');
}

function orNone(rows: readonly unknown[], table: string, none: string): string {
  return rows.length === 0 ? `${none}\n` : table;
}

function unreachableLine(state: MasterState): string {
  const unreachable = unreachableAgents(state);
  return unreachable === 0 ? '' : `${count(unreachable, 'agent')} unreachable\n`;
}
