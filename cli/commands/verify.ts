// `muster verify platform` and `muster verify firmware`: the conformance suite, in both directions. Here are the options; `verify-run.ts`
// carries it out.
import type { Command } from 'commander';
import { UserError, type ExitCode } from '../../kernel/errors.ts';
import type { SessionName } from '../../kernel/trace/event.ts';
import { EDITIONS, isEditionName, type EditionName } from '../../protocol/editions.ts';
import { FORMAT_NAMES, type FormatName } from '../../report/formats.ts';
import type { Profile } from '../../scenarios/rules/catalogue.ts';
import { SESSIONS } from '../../worker/session/choose.ts';
import { positiveNumber, wholeNumber } from '../numbers.ts';
import { verifyCommand, type VerifyOptions } from '../verify-run.ts';
import { withTarget } from './fleet.ts';

const PROFILES: readonly Profile[] = ['prereg', 'nwl', 'operator', 'https'];
const JOBS_MAX = 16;
const TURNS_MAX = 1_000;

function reporter(text: string, before: FormatName[] | undefined): FormatName[] {
  const names = text.split(',').map((name) => {
    const found = FORMAT_NAMES.find((one) => one === name);
    if (!found) throw new UserError(`--reporter ${name} is no format`, `give some of ${FORMAT_NAMES.join(',')}`);
    return found;
  });
  return [...(before ?? []), ...names];
}

function profile(text: string, before: Profile[] | undefined): Profile[] {
  const claimed = text.split(',').map((name) => {
    const found = PROFILES.find((one) => one === name);
    if (!found) throw new UserError(`--profile ${name} is no profile`, `give some of ${PROFILES.join(',')}`);
    return found;
  });
  return [...(before ?? []), ...claimed];
}

function sessionName(text: string): SessionName {
  const found = SESSIONS.find((one) => one === text);
  if (!found) throw new UserError(`--session ${text} is no session`, `give one of ${SESSIONS.join(', ')}`);
  return found;
}

function edition(text: string): EditionName {
  if (isEditionName(text)) return text;
  throw new UserError(`--edition ${text} is no edition`, `give one of ${Object.keys(EDITIONS).join(', ')}`);
}

function common(command: Command): Command {
  return command
    .option('--case <glob>', 'only the cases whose id matches, such as platform/nwl/*; ** crosses a slash, `list` prints the ids')
    .option('--mutant <id>', 'run against a stub or device that is wrong on purpose; `list` prints the ids')
    .option('--seed <text>', 'names and draws follow from it', '1')
    .option('--namespace <text>', 'keeps two runs against one platform apart')
    .option('--jobs <n>', 'cases at once', wholeNumber(1, JOBS_MAX), 2)
    .option('--baseline <file>', 'failures that are known, each with a reason and a date: they change the exit code only (docs/reports.md)')
    .option('--json <file>', 'write report.json there; - for stdout')
    .option('--out <dir>', 'write the report in every format, and its evidence, into this directory')
    .option('--reporter <formats>', `only these formats in --out: ${FORMAT_NAMES.join(',')}`, reporter)
    .option(
      '--delay-turns <n>',
      'slow every hop of a cell down by n turns of its event loop; verdicts must not change',
      wholeNumber(0, TURNS_MAX),
      0,
    );
}

const CODES = 'Exit codes: 0 conformant, 1 not conformant, 2 undetermined, 3 unreachable, 4 a fault of Muster, 64 usage, 130 interrupted.';

/** Adds `verify` to the program. */
export function registerVerify(program: Command, exit: (code: ExitCode) => void): void {
  const command = program.command('verify').description('run the conformance suite');
  withTarget(common(command.command('platform')))
    .description('judge a platform: our devices drive it')
    .option(
      '--edition <edition>',
      `which revision of the documents the embedded stub follows: ${Object.keys(EDITIONS).join(', ')}`,
      edition,
    )
    .option(
      '--cases <dir>',
      'also run the *.case.mjs files of this directory, judged by their own rules: those that --case matches, or all where it matches none (docs/write-a-case.md)',
    )
    .option('--allow-destructive', 'elsewhere than on a stub: permit cases that delete, disable, reset, clear or turn the switch')
    .option('--timeout <s>', 'how long the target may take for each answer, seconds (default: 10)', positiveNumber(600))
    .option('--session <name>', `what the devices' MQTT sessions are: ${SESSIONS.join(' or ')} (default: reference)`, sessionName)
    .option('--dry-run', 'print the calls that the run would make at the cloud API, and make none')
    .option('--profile <profile>', 'what the target claims, some of prereg,nwl,operator,https', profile)
    .addHelpText(
      'after',
      `\nExamples:\n  $ muster verify platform\n  $ muster verify platform --target staging.yaml --out results\n  $ muster verify platform --case 'platform/nwl/*'\n  $ muster verify platform --cases my-cases --case 'acme/**'\n\n${CODES}\n`,
    )
    .action(async (options: VerifyOptions) => exit(await verifyCommand('platform', options)));
  common(command.command('firmware'))
    .description('judge a firmware: our stub drives it')
    .option('--device <device>', 'the device under test', 'reference')
    .addHelpText(
      'after',
      `\nExamples:\n  $ muster verify firmware --device reference\n  $ muster verify firmware --mutant registers-at-every-boot\n\n${CODES}\n`,
    )
    .action(async (options: VerifyOptions) => {
      if (options.device !== 'reference') {
        throw new UserError(
          `--device ${options.device ?? ''}: this version can judge the reference device only`,
          'give --device reference',
        );
      }
      exit(await verifyCommand('firmware', options));
    });
}
