// `kaon why`: why a framework gets the offers it gets, or none.
import { type Command, Option } from 'commander';
import { fetchPlan, fetchStanding } from '../cluster/explanation.ts';
import { fetchNames, findAgent, findFramework } from '../cluster/find-by-name.ts';
import { CommandError } from '../errors.ts';
import { planText, standingText } from '../output/standing-text.ts';
import { addBoolean, type CommandContext, masterOption } from './command-context.ts';
import { requireOptions } from './server-options.ts';

interface WhyFlags {
  readonly master: string;
  readonly framework: string;
  readonly role?: string;
  readonly agent?: string;
  readonly plan?: boolean;
  readonly json?: boolean;
}

const EXAMPLES = `
Examples:
  $ kaon why --framework web                     by name; an id, or the beginning of one, does as well
  $ kaon why --framework web --agent node1       and what became of that agent
  $ kaon why --framework web --role prod --plan  and what the next pass would grant it
  $ kaon why --framework web --json              as the master answers, for scripts

Exit status:
  0 when there is an answer, whatever it says; 1 when there is no such framework or agent, or no master.
`;

/** Adds `kaon why` to `program`. */
export function addWhyCommand(program: Command, context: CommandContext): void {
  const why = program
    .command('why')
    .summary('explain why a framework gets the offers it gets, or none')
    .description(
      'Explains why a framework gets the offers it gets, or none: what keeps agents from it, how it stands ' +
        'in line, its quota, and whether any agent could ever serve it.',
    )
    .addOption(masterOption())
    .addOption(
      new Option('--framework <framework>', 'its id, the beginning of its id, or its name'),
    )
    .addOption(new Option('--role <role>', 'only this role (default: each of its roles)'))
    .addOption(
      new Option('--agent <agent>', 'an agent to look at: id, beginning of its id, or hostname'),
    );
  addBoolean(why, 'plan', 'also what the next pass would grant it, if nothing changed');
  addBoolean(why, 'json', "print the master's answer, for scripts");
  why.addHelpText('after', EXAMPLES).action(async (flags: WhyFlags) => {
    requireOptions(why, '--framework');
    context.terminal.out(await answer(flags));
  });
}

async function answer({ master, role, ...flags }: WhyFlags): Promise<string> {
  const names = await fetchNames(master);
  const framework = findFramework(names, flags.framework);
  const agent = flags.agent === undefined ? undefined : findAgent(names, flags.agent);
  const question = { frameworkId: framework.id, role, agentId: agent?.id };
  const standing = await fetchStanding(master, question);
  if (standing === undefined) {
    throw new CommandError(`the master at ${master} explains no offers; is it a master of Kaon?`);
  }
  const plan = flags.plan === true ? await fetchPlan(master, framework.id) : undefined;
  if (flags.json === true) {
    const json = plan === undefined ? standing.json : { ...standing.json, plan: plan.json };
    return `${JSON.stringify(json, undefined, 2)}\n`;
  }
  const byId = new Map([
    ...names.frameworks.map(({ id, name }) => [id, `${name} (${id})`] as const),
    ...names.agents.map(({ id, name }) => [id, name] as const),
  ]);
  const shown = { framework, agent, nameOf: (id: string) => byId.get(id) ?? id };
  const text = standingText(standing.value, shown);
  return plan === undefined ? text : text + planText(plan.value, shown);
}
