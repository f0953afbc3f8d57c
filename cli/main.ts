// The command `muster`. Commands do the work; here are the program, its errors and its exit code.
import { Command, CommanderError } from 'commander';
import { codeOf, EXIT, UserError, type ExitCode } from '../kernel/errors.ts';
import { VERSION } from './version.ts';

type Register = (program: Command, exit: (code: ExitCode) => void) => void;

/** In the order of the help. Each is read when it is named: reading all of them takes longer than most of them run. */
const COMMANDS: Readonly<Record<string, () => Promise<Register>>> = {
  serve: async () => (await import('./commands/serve.ts')).registerServe,
  fleet: async () => (await import('./commands/fleet.ts')).registerFleet,
  verify: async () => (await import('./commands/verify.ts')).registerVerify,
  doctor: async () => (await import('./commands/doctor.ts')).registerDoctor,
  mutants: async () => (await import('./commands/mutants.ts')).registerMutants,
  replay: async () => (await import('./commands/replay.ts')).registerReplay,
  report: async () => (await import('./commands/report.ts')).registerReport,
  cleanup: async () => (await import('./commands/cleanup.ts')).registerCleanup,
  relay: async () => (await import('./commands/relay.ts')).registerRelay,
  stub: async () => (await import('./commands/stub.ts')).registerStub,
};

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

/** @param named the command that is to run; all of them where it is none, for the help and for a word that is no command */
async function makeProgram(named: string | undefined): Promise<Command> {
  const program = new Command('muster')
    .description('Device-fleet simulator and registration conformance suite for unique-certificate-per-product authentication over MQTT')
    .version(VERSION)
    .addHelpText('after', '\nStart with `muster serve` and open the URL it prints, or with `muster verify platform`.\n');
  const wanted = named !== undefined && Object.hasOwn(COMMANDS, named) ? [named] : Object.keys(COMMANDS);
  for (const name of wanted) (await COMMANDS[name]?.())?.(program, exit);
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
  const program = await makeProgram(process.argv[2]);
  await program.parseAsync();
  if (lost !== undefined) throw new UserError(`stdout cannot be written (${lost})`, 'send it elsewhere');
} catch (error) {
  exit(codeOfThrown(error));
}
