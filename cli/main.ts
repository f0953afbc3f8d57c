// The command `muster`. Commands do the work; here are the program, its errors and its exit code.
import { Command, CommanderError } from 'commander';
import { codeOf, EXIT, UserError, type ExitCode } from '../kernel/errors.ts';
import { registerFleet } from './commands/fleet.ts';
import { registerServe } from './commands/serve.ts';
import { registerStub } from './commands/stub.ts';
import { policyOfMutant, registerVerify } from './commands/verify.ts';
import { VERSION } from './version.ts';

const exit = (code: ExitCode): void => {
  process.exitCode = code;
};

// The reader of our output has gone (`muster … | head`): there is nobody left to tell.
process.stdout.on('error', (error) => {
  if (codeOf(error) !== 'EPIPE') throw error;
  process.exit();
});

function makeProgram(): Command {
  const program = new Command('muster')
    .description('Device-fleet simulator and registration conformance suite for unique-certificate-per-product authentication over MQTT')
    .version(VERSION)
    .showHelpAfterError('(see muster --help)')
    .addHelpText('after', '\nStart with `muster serve` and open the URL it prints, or with `muster verify platform`.\n');
  registerServe(program, exit);
  registerFleet(program, exit);
  registerVerify(program, exit);
  registerStub(program, { policyOf: policyOfMutant, exit });
  for (const command of [program, ...program.commands, ...program.commands.flatMap((one) => one.commands)]) command.exitOverride();
  return program;
}

try {
  await makeProgram().parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? EXIT.asked : EXIT.usage;
  else if (error instanceof UserError) {
    process.stderr.write(`muster: ${error.message}; ${error.remedy}\n`);
    process.exitCode = error.exit;
  } else {
    process.stderr.write(`muster: a fault of Muster itself, please report it\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exitCode = EXIT.ownError;
  }
}
