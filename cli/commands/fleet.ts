// `muster fleet`: many virtual devices against the embedded platform or a target, and what they saw of it. The run itself is in fleet-run.ts.
import type { Command } from 'commander';
import { UserError, type ExitCode } from '../../kernel/errors.ts';
import { DEFAULT_RATE, DEVICES_MAX } from '../../worker/fleet/plan.ts';
import { RATE_MAX } from '../../worker/fleet/plan-document.ts';
import { SESSIONS } from '../../worker/session/choose.ts';
import { DEFAULT_DEVICES } from '../fleet-plan.ts';
import { fleetCommand, type FleetOptions } from '../fleet-run.ts';
import { positiveNumber, seconds, wholeNumber } from '../numbers.ts';

/** Most workers that a run may have. */
const WORKERS_MAX = 64;
const MODES = ['register', 'regnwl', 'mixed', 'connect'];

const EXAMPLES = `
Examples:
  $ muster fleet --devices 2000 --json out.json
  $ muster fleet --devices 200 --target mqtts://127.0.0.1:8883 --ca ca.pem
                        with MUSTER_PRODUCT_KEY and MUSTER_PRODUCT_SECRET set
  $ muster fleet --devices 200 --target staging.yaml --flash units.json
                        keeps what units were issued; the next run connects
  $ muster fleet --devices 5000 --mode connect --target mqtt://127.0.0.1:1883
                        any broker: units have credentials from the beginning
  $ muster fleet plan.yaml --devices 50

A plan (docs/fleet.md, examples/plans):
  arrival: { shape: ramp, from: 10, to: 500, over: 30s }
  cohorts:
    - { name: meters, mode: mixed, count: 2000, publish: { every: 20s } }
  hold: 60s
  thresholds: [p99(connect) < 500ms, refused == 0]

A target file:
  name: staging
  endpoints: { mqtts: mqtts://host:8883 }
  product: { key: a1Muster0001, secretEnv: MUSTER_PRODUCT_SECRET }
  tls: { ca: ./ca.pem }

Exit codes: 0 as demanded (no unit ends in a way that no threshold speaks of; without thresholds: all activated), 1 not,
2 not decided (a threshold the run says nothing of, or only this machine had no room), 3 unreachable, 4 a fault of Muster,
64 usage, 130 interrupted.
`;

/** Options that say which platform a command is about. */
export function withTarget(command: Command): Command {
  return command
    .option('--target <target>', 'stub (embedded), a target file, or a URL such as mqtts://host:8883', 'stub')
    .option('--product-key <key>', 'ProductKey at a target URL; else MUSTER_PRODUCT_KEY')
    .option('--product-secret <secret>', 'ProductSecret; others can see it, MUSTER_PRODUCT_SECRET they cannot')
    .option('--ca <file>', 'certificates to trust at the target, PEM');
}

/** Adds `fleet` to the program. */
export function registerFleet(program: Command, exit: (code: ExitCode) => void): void {
  withTarget(program.command('fleet [plan]'))
    .description('run thousands of virtual devices: register, connect, publish, hold')
    .option('--devices <n>', `how many; ${DEFAULT_DEVICES} without a plan`, wholeNumber(1, DEVICES_MAX))
    .option(
      '--mode <mode>',
      'register, regnwl, mixed (even index register, odd regnwl) or connect (register nothing); mixed without a plan',
    )
    .option('--rate <n>', `devices due per second, on an absolute schedule; ${DEFAULT_RATE} without a plan`, positiveNumber(RATE_MAX))
    .option('--session <name>', `how devices speak MQTT: ${SESSIONS.join(' or ')}`)
    .option('--workers <n>', 'worker threads', wholeNumber(1, WORKERS_MAX))
    .option('--seed <text>', 'identities and schedule follow from it; 1 unless told')
    .option('--namespace <text>', 'part of every DeviceName; 0 with the embedded stub, else fresh for each run')
    .option('--hold <s>', 'seconds to stay online before leaving; 0 unless told', seconds)
    .option('--flash <file>', 'keep what devices are issued there, secrets, for you alone: the next run connects')
    .option('--print-plan', 'print the plan with everything filled in, and run nothing')
    .option('--print-names', 'print the DeviceNames that have to be added at the platform beforehand, and run nothing')
    .option('--json <file>', 'write the report there; - for stdout')
    .option('--out <dir>', 'write the report in every form there')
    .option('--csv <file>', 'write the time series there, a line a second')
    .option(
      '--metrics <port>',
      'serve OpenMetrics at 127.0.0.1:PORT/metrics while the fleet runs; 0 takes a free port',
      wholeNumber(0, 65_535),
    )
    .addHelpText('after', EXAMPLES)
    .action(async (file: string | undefined, given: FleetOptions, command: Command) => {
      const { target, ...rest } = given;
      const named = command.getOptionValueSource('target') === 'default' ? undefined : target;
      const options: FleetOptions = named === undefined ? rest : { ...rest, target: named };
      requireOneOf('--mode', options.mode, MODES);
      requireOneOf('--session', options.session, SESSIONS);
      exit(await fleetCommand(file, options));
    });
}

function requireOneOf(option: string, given: string | undefined, known: readonly string[]): void {
  if (given !== undefined && !known.includes(given))
    throw new UserError(`${option} ${given} is none that there is`, `give ${known.slice(0, -1).join(', ')} or ${known.at(-1)}`);
}
