// `muster doctor`: can this target be judged from here? And `muster doctor signature`: how a signature is made, and what a wrong one was made with.
import type { Command } from 'commander';
import { EXIT, messageOf, UserError, type ExitCode } from '../../kernel/errors.ts';
import { derive, type SignedRequest } from '../../protocol/derivation.ts';
import { DEFAULT_SIGN_METHOD, parseSignMethod, type SignMethod } from '../../protocol/sign.ts';
import { ProtocolError } from '../../protocol/errors.ts';
import { parseIdentifier } from '../../protocol/identifier.ts';
import { parseUsername } from '../../protocol/username.ts';
import { operatorClient } from '../operator-client.ts';
import { ok, problem, unknown, warning, type Examination } from '../doctor/examination.ts';
import { examineLocal } from '../doctor/local.ts';
import { endpointOf, examineClock, examineEndpoint } from '../doctor/network.ts';
import { examineOverHttps, probeOverMqtt } from '../doctor/product.ts';
import { colouredHealth, table } from '../table.ts';
import { chooseTarget, type RemoteTarget, type TargetOptions } from '../target.ts';
import { withTarget } from './fleet.ts';

interface DoctorOptions extends TargetOptions {
  readonly allowProbe?: boolean;
  readonly json?: boolean;
}

/** Devices that a run of the suite has at once, at most. */
const DEVICES_OF_THE_SUITE = 1_100;

async function doctor(options: DoctorOptions): Promise<ExitCode> {
  const target = chooseTarget(options);
  const found = target.kind === 'stub' ? examineLocal(DEVICES_OF_THE_SUITE) : await examineTarget(target, options.allowProbe === true);
  if (options.json) process.stdout.write(`${JSON.stringify({ target: nameOf(target), examinations: found }, null, 2)}\n`);
  else {
    process.stdout.write(`${table(found.map((one) => [colouredHealth(one.health), one.what, one.said]))}\n`);
    const remedies = found.filter((one) => one.remedy !== undefined);
    if (remedies.length > 0)
      process.stdout.write(`\nWhat to do:\n${remedies.map((one) => `  ${one.what}: ${one.remedy ?? ''}`).join('\n')}\n`);
  }
  return found.some((one) => one.health === 'problem') ? EXIT.unreachable : EXIT.asked;
}

function nameOf(target: ReturnType<typeof chooseTarget>): string {
  return target.kind === 'stub' ? 'the embedded stub' : target.name;
}

/** Every examination of a target; a stage that cannot be looked at is `unknown`, never left out. */
async function examineTarget(target: RemoteTarget, mayProbe: boolean): Promise<Examination[]> {
  const found: Examination[] = [declared(target)];
  const endpoints = Object.entries({ ...target.sockets.endpoints, ...(target.https === undefined ? {} : { https: target.https }) });
  const networks = await Promise.all(
    endpoints.map(async ([scheme, url]) => examineEndpoint(endpointOf(scheme, url), target.sockets, () => Date.now())),
  );
  found.push(...networks.flat());
  const reachable = (scheme: string): boolean =>
    networks.flat().every((one) => !one.what.endsWith(` ${scheme}`) || one.health !== 'problem');
  let date: string | null = null;
  if (target.https !== undefined && reachable('https')) {
    const answer = await examineOverHttps(target.https, target);
    found.push(...answer.found);
    ({ date } = answer);
  }
  const encrypted = (['mqtts', 'wss'] as const).find((scheme) => target.sockets.endpoints[scheme] !== undefined);
  if (!found.some((one) => one.what === 'product' || one.what === 'switch')) {
    if (mayProbe && encrypted !== undefined && reachable(encrypted)) found.push(...(await probeOverMqtt(target)));
    else
      found.push(
        unknown('product', 'ProductKey, ProductSecret and the switch were not tried', '--allow-probe tries them, and spends one ClientID'),
      );
  }
  found.push(examineClock(date, Date.now()), await administrator(target), pace(target), ...examineLocal(DEVICES_OF_THE_SUITE));
  return found;
}

/** Do the endpoints suffice for what the target claims? */
function declared(target: RemoteTarget): Examination {
  const what = 'endpoints';
  const { mqtt, mqtts, ws, wss } = target.sockets.endpoints;
  if (mqtts === undefined && wss === undefined)
    return problem(what, 'there is no encrypted one, and registration needs TLS', 'add mqtts or wss to the endpoints');
  if (target.profiles?.includes('https') && target.https === undefined)
    return problem(what, 'the profile https is claimed without an https endpoint', 'add https to the endpoints, or leave the profile out');
  if (mqtt === undefined && ws === undefined)
    return warning(what, 'there is no plain one: RULE-02 cannot be decided', 'add mqtt, where the platform has a plain port');
  return ok(what, 'all that the claimed profiles need');
}

async function administrator(target: RemoteTarget): Promise<Examination> {
  const what = 'administrator';
  const { administrator: who } = target;
  if (who === undefined) return unknown(what, 'there is none: what only an operator can show is not applicable');
  if (who.kind !== 'stub') return unknown(what, `${who.kind}: its rights show when it is asked`);
  try {
    const answer = await operatorClient(who)({ action: 'QueryDeviceStatistics', productKey: target.productKey });
    return answer.ok
      ? ok(what, 'the operator of the stub answers')
      : problem(what, `the operator of the stub says: ${answer.message}`, 'take the target file of the stub that is running');
  } catch (error) {
    return problem(what, messageOf(error), 'take the target file of the stub that is running');
  }
}

function pace({ perDevicePerMinute: limit }: RemoteTarget): Examination {
  return limit === undefined
    ? ok('pace', 'no limit is declared: attempts follow at once')
    : ok('pace', `${limit} attempts of one device a minute, no more, so that no declared limit explains a refusal`);
}

interface SignatureOptions {
  readonly identifier: string;
  readonly username: string;
  readonly password?: string;
  readonly secretEnv: string;
  readonly otherSecretEnv?: readonly string[];
  readonly earlier?: readonly string[];
  readonly json?: boolean;
}

function signature(options: SignatureOptions): ExitCode {
  const secret = secretOf(options.secretEnv);
  const { request, method } = requestOf(options.identifier, options.username);
  const derivation = derive({
    request,
    method,
    secret,
    ...(options.password === undefined ? {} : { observed: options.password }),
    otherSecrets: Object.fromEntries((options.otherSecretEnv ?? []).map((name) => [`secret in ${name}`, secretOf(name)])),
    earlier: options.earlier ?? [],
  });
  const { explanation } = derivation;
  if (options.json) process.stdout.write(`${JSON.stringify(derivation, null, 2)}\n`);
  else {
    process.stdout.write(`${derivation.steps.map(({ what, value }, i) => `${i + 1}. ${what}\n   ${value}`).join('\n')}\n`);
    if (explanation) process.stdout.write(`\n${sentence(explanation)}\n`);
  }
  return explanation === undefined || explanation.kind === 'right' ? EXIT.asked : EXIT.notConformant;
}

function sentence(explanation: NonNullable<ReturnType<typeof derive>['explanation']>): string {
  switch (explanation.kind) {
    case 'right':
      return explanation.note === undefined ? 'The password is right.' : `The password is right: ${explanation.note}.`;
    case 'mistaken':
      return `The password is wrong. Most likely:\n${explanation.mistakes.map((one) => `  - ${one}`).join('\n')}`;
    case 'unexplained':
      return `The password is wrong: ${explanation.why}.`;
  }
}

/** The request that an identifier and a user name are of, as they were sent. */
function requestOf(identifier: string, username: string): { request: SignedRequest; method: SignMethod } {
  try {
    const { deviceName, productKey } = parseUsername(username);
    const { clientPart, params } = parseIdentifier(identifier);
    const value = (name: string): string | undefined => params.get(name);
    const named = value('signmethod');
    const method = named === undefined ? DEFAULT_SIGN_METHOD : parseSignMethod(named);
    const mode = value('authType');
    if (mode === 'connwl')
      throw new UserError('--identifier: authType=connwl is not signed', 'the password is the DeviceToken itself, as it was delivered');
    if (mode === 'register' || mode === 'regnwl') {
      const random = value('random');
      if (random === undefined) throw new UserError('--identifier has no random', 'a registration needs one: RULE-09');
      return { request: { kind: 'registration', deviceName, productKey, random }, method };
    }
    const timestamp = value('timestamp');
    return {
      request: { kind: 'connect', clientId: clientPart, deviceName, productKey, ...(timestamp === undefined ? {} : { timestamp }) },
      method,
    };
  } catch (error) {
    if (error instanceof ProtocolError)
      throw new UserError(`--identifier or --username: ${error.message}`, 'give both as the device sends them; quote them for the shell');
    throw error;
  }
}

function secretOf(name: string): string {
  const secret = process.env[name];
  if (secret === undefined || secret === '')
    throw new UserError(`the environment variable ${name} is not set`, 'put the secret there: on the command line others would see it');
  return secret;
}

const several = (text: string, before: string[] | undefined): string[] => [...(before ?? []), text];

/** Adds `doctor` to the program. */
export function registerDoctor(program: Command, exit: (code: ExitCode) => void): void {
  const command = withTarget(program.command('doctor'))
    .description('can this target be judged from here? It looks below MQTT, and consumes nothing without --allow-probe')
    .option('--allow-probe', 'register one unit without pre-registration: it spends one ClientID')
    .option('--json', 'the examinations as JSON')
    .addHelpText(
      'after',
      `\nExamples:\n  $ muster doctor --target staging.yaml\n  $ muster doctor signature --identifier 'sn1|securemode=2,authType=register,random=42,signmethod=hmacsha256|' \\\n      --username 'unit-0001&a1Muster0001' --password 2839…\n\nExit codes: 0 nothing in the way, 3 a problem, 64 usage.\n`,
    )
    .action(async (options: DoctorOptions) => exit(await doctor(options)));
  command
    .command('signature')
    .description('shows how the signature of a CONNECT is made, and the likely mistake in one that was observed')
    .requiredOption('--identifier <text>', 'client identifier, as the device sends it')
    .requiredOption('--username <text>', 'user name, as the device sends it: DeviceName&ProductKey')
    .option('--password <hex>', 'the password that the device sent, to be explained')
    .option('--secret-env <name>', 'environment variable with the secret to sign with', 'MUSTER_PRODUCT_SECRET')
    .option('--other-secret-env <name>', 'environment variable with a secret that it may have signed with; repeatable', several)
    .option('--earlier <value>', 'a random or timestamp of an earlier attempt; repeatable', several)
    .option('--json', 'the derivation as JSON')
    .addHelpText('after', '\nExit codes: 0 right or only shown, 1 wrong, 64 usage.\n')
    .action((_: unknown, self: Command) => exit(signature(self.opts<SignatureOptions>())));
}
