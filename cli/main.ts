// The command `muster`. Commands do the work; here are the program, its errors and its exit code.
import { Command, CommanderError } from 'commander';
import { codeOf, EXIT, UserError, type ExitCode } from '../kernel/errors.ts';
import { registerCleanup } from './commands/cleanup.ts';
import { registerDoctor } from './commands/doctor.ts';
import { registerFleet } from './commands/fleet.ts';
import { registerMutants } from './commands/mutants.ts';
import { registerRelay } from './commands/relay.ts';
import { registerReplay } from './commands/replay.ts';
import { registerReport } from './commands/report.ts';
import { registerServe } from './commands/serve.ts';
import { registerStub } from './commands/stub.ts';
import { registerVerify } from './commands/verify.ts';
import { policyOfMutant } from './mutants.ts';
import { VERSION } from './version.ts';

const exit = (code: ExitCode): void => {
  process.exitCode = code;
};

/** Why results did not reach stdout. */
let lost: string | undefined;
process.stdout.on('error', (error: Error) => {
  // The reader has gone (`muster … | head`): the run ends as planned, with its files and its exit code.
  if (codeOf(error) !== 'EPIPE') lost = codeOf(error) ?? error.message;
});
// Nobody is left to tell.
process.stderr.on('error', () => undefined);
process.on('uncaughtException', (error) => {
  process.exitCode = codeOfThrown(error);
  process.exit();
});

function makeProgram(): Command {
  const program = new Command('muster')
    .description('Device-fleet simulator and registration conformance suite for unique-certificate-per-product authentication over MQTT')
    .version(VERSION)
    .addHelpText('after', '\nStart with `muster serve` and open the URL it prints, or with `muster verify platform`.\n');
  registerServe(program, exit);
  registerFleet(program, exit);
  registerVerify(program, exit);
  registerDoctor(program, exit);
  registerMutants(program, exit);
  registerReplay(program, exit);
  registerReport(program, exit);
  registerCleanup(program, exit);
  registerRelay(program, exit);
  registerStub(program, { policyOf: policyOfMutant, exit });
  for (const command of [program, ...program.commands, ...program.commands.flatMap((one) => one.commands)]) {
    command.exitOverride();
    command.configureOutput({ outputError: (text, write) => write(`muster: ${oneLine(text)}; see \`${pathOf(command)} --help\`\n`) });
  }
  return program;
}

/** Commander's words as this program says them. */
function oneLine(text: string): string {
  return text
    .trim()
    .replace(/^error: /, '')
    .replaceAll('\n', ' ')
    .replace(/\.$/, '');
}

function pathOf(command: Command): string {
  return command.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name();
}

/** Tells the user, and says what the exit code is. */
function codeOfThrown(error: unknown): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.asked : EXIT.usage;
  if (error instanceof UserError) {
    process.stderr.write(`muster: ${error.message}; ${error.remedy}\n`);
    return error.exit;
  }
  const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`muster: a fault of Muster itself, please report it\n${what}\n`);
  return EXIT.ownError;
}

try {
  await makeProgram().parseAsync();
  if (lost !== undefined) throw new UserError(`stdout cannot be written (${lost})`, 'send it elsewhere');
} catch (error) {
  exit(codeOfThrown(error));
}
