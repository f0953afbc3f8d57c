// `muster cleanup RUN`: removes what a run made at its target, or lists what only a person can remove.
import type { Command } from 'commander';
import { ambientClock } from '../../kernel/clock.ts';
import { EXIT, UserError, type ExitCode } from '../../kernel/errors.ts';
import { findStub } from '../../platform-stub/node/run-file.node.ts';
import { cleanUp, leftovers, listOf, type Leftovers } from '../../scenarios/engine/ledger-cleanup.ts';
import type { LedgerAdministrator } from '../../scenarios/engine/ledger.ts';
import { openAdministration, type Administration } from '../administrator.ts';
import { readText } from '../files.ts';
import { readLedger } from '../ledger.ts';
import type { Administrator } from '../target.ts';

interface CleanupOptions {
  readonly dryRun?: boolean;
}

async function cleanup(run: string, options: CleanupOptions): Promise<ExitCode> {
  const { entries, append } = readLedger(run);
  const what = leftovers(entries);
  if (!what) throw new UserError(`the ledger of ${run} tells of no run`, 'give the ledger.jsonl of a run');
  const all = listOf(what);
  const say = (line: string): void => {
    process.stdout.write(`${line}\n`);
  };
  const byHand = what.administrator.kind === 'human' || what.administrator.kind === 'none';
  if (all.length === 0) say(`Nothing that can be removed is left of run ${what.run} at ${what.target}.`);
  else if (options.dryRun || byHand) {
    say(`${byHand ? 'To be removed by hand' : 'Would be removed'} of run ${what.run} at ${what.target}:`);
    for (const line of all) say(`  ${line}`);
  }
  let exit: ExitCode = byHand && all.length > 0 && !options.dryRun ? EXIT.notConformant : EXIT.asked;
  if (all.length > 0 && !options.dryRun && !byHand) {
    const administration = administrationOf(what);
    const { done, left } = await cleanUp(what, administration.operatorOf('cleanup'), append).finally(() => administration.close());
    for (const line of done) say(`removed  ${line}`);
    for (const line of left) say(`left     ${line}`);
    if (left.length > 0) exit = EXIT.notConformant;
  }
  const forGood = leftovers(readLedger(run).entries)?.forGood ?? [];
  for (const line of forGood) say(`kept     ${line}`);
  return exit;
}

/** The run's own administrator, found again. */
function administrationOf({ administrator, run }: Leftovers): Administration {
  const target = { administrator: found(administrator), inventory: undefined, productKey: '', productSecret: '' };
  return openAdministration(target, { clock: ambientClock(), seed: '', namespace: run });
}

function found(administrator: LedgerAdministrator): Administrator | undefined {
  switch (administrator.kind) {
    case 'stub': {
      const { url, tokenFile, port } = administrator;
      const running = port === undefined ? undefined : findStub(port);
      if (tokenFile === undefined && !running)
        throw new UserError(`the stub at ${url} does not run any more`, 'what it held is gone with it', EXIT.unreachable);
      const token = running?.operatorToken ?? readText(tokenFile ?? '', 'token file of the stub').trim();
      return { kind: 'stub', url, token, from: { tokenFile: tokenFile ?? '' } };
    }
    case 'alicloud':
      return { ...administrator, createProducts: true };
    default:
      return undefined;
  }
}

/** Adds `cleanup` to the program. */
export function registerCleanup(program: Command, exit: (code: ExitCode) => void): void {
  program
    .command('cleanup')
    .description('remove what a run made at its target')
    .argument('<run>', 'the id that the run printed, its --out directory, or a ledger.jsonl')
    .option('--dry-run', 'only list what would be removed')
    .addHelpText(
      'after',
      '\nExamples:\n  $ muster cleanup 3f9a1c07\n  $ muster cleanup results --dry-run\n\nWhat no administrator can take back is listed. Exit codes: 0 nothing is left, 1 something is, 3 unreachable, 64 usage.\n',
    )
    .action(async (run: string, options: CleanupOptions) => exit(await cleanup(run, options)));
}
