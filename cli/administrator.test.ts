// Runs at targets that remember: a person who is asked, an inventory that is used up, a ledger that is cleaned up, limits that are kept.
// The platform is a stub on loopback; the person is a function that does at it what it is asked to do.
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ambientClock } from '../kernel/clock.ts';
import { Redactor } from '../kernel/trace/redact.ts';
import type { CaseDefinition, PlatformCase } from '../scenarios/engine/case.ts';
import { CASES } from '../scenarios/engine/cases.ts';
import { driveCase } from '../scenarios/engine/drive.ts';
import { cleanUp, leftovers, listOf } from '../scenarios/engine/ledger-cleanup.ts';
import { judgedClass } from '../scenarios/engine/requirements.ts';
import type { CaseRun } from '../scenarios/engine/suite.ts';
import { judgeCase } from '../scenarios/judge/judge.ts';
import type { Ask, HumanStep } from '../scenarios/operators/human.ts';
import { stubOperator } from '../scenarios/operators/stub.ts';
import { openReferenceSession } from '../worker/session/reference.ts';
import { DEFAULT_TIMEOUTS } from '../worker/session/session.ts';
import { tcpTransport } from '../worker/transport/tcp.node.ts';
import { openRemoteRun, type RemoteRun, type RunOptions } from './administrator-run.ts';
import { openTerminal } from './ask.ts';
import { openLedger, readLedger } from './ledger.ts';
import { openStub, type OpenStub } from './open-stub.ts';
import { chooseTarget, type RemoteTarget } from './target.ts';

const PRODUCT = 'a1Muster0001';
const folder = mkdtempSync(join(tmpdir(), 'muster-admin-'));
const stateHome = process.env.XDG_STATE_HOME;
let stub: OpenStub;
let runs = 0;

beforeAll(async () => {
  process.env.XDG_STATE_HOME = join(folder, 'state');
  const config = join(folder, 'stub.yaml');
  const names = Array.from({ length: 8 }, (_, i) => `stock-000${i}`);
  writeFileSync(
    config,
    `products: [{ productKey: ${PRODUCT}, productSecret: ps0123456789abcd, dynamicRegistration: true, devices: [${names.join(', ')}] }]\n`,
  );
  writeFileSync(join(folder, 'names.csv'), `\uFEFFDeviceName,DeviceSecret\r\n${names.map((name) => `${name},`).join('\r\n')}\r\n`);
  stub = await openStub({ json: true, config }, { policyOf: () => Promise.reject(new Error('no mutant')) });
});
afterAll(async () => {
  await stub.close();
  if (stateHome === undefined) delete process.env.XDG_STATE_HOME;
  else process.env.XDG_STATE_HOME = stateHome;
  rmSync(folder, { recursive: true });
});

/** The stub as a target with other lines about who administers it. */
function target(lines: string): RemoteTarget {
  const text = readFileSync(stub.target, 'utf8').replace(/^(administrator|pace):[\s\S]*?(?=^\w|$(?![\s\S]))/gm, '');
  const file = join(folder, 'target.yaml');
  writeFileSync(file, `${text}pace: { perDevicePerMinute: none }\n${lines}\n`);
  const chosen = chooseTarget({ target: file });
  if (chosen.kind !== 'remote') throw new Error('no target');
  return chosen;
}

const find = (id: string): PlatformCase => {
  const found = CASES.find((one): one is PlatformCase => one.id === id && one.direction === 'platform');
  if (!found) throw new Error(`no case ${id}`);
  return found;
};

function open(
  at: RemoteTarget,
  options: Partial<RunOptions> = {},
): RemoteRun & { go(definition: PlatformCase): Promise<CaseRun>; id: string } {
  const clock = ambientClock();
  const id = `test-${++runs}`;
  const run = openRemoteRun(at, { clock, seed: '1', namespace: id, ...options });
  return {
    ...run,
    id,
    go: (definition) =>
      run.carryOut(
        definition,
        { transport: tcpTransport({ ...at.sockets, clock, timeouts: DEFAULT_TIMEOUTS }) },
        openReferenceSession,
        (site) =>
          driveCase(definition, {
            ...site,
            clock,
            seed: '1',
            namespace: id,
            timeouts: DEFAULT_TIMEOUTS,
            edition: at.edition,
            paceMs: at.paceMs,
            redactor: new Redactor('test'),
          }),
      ),
  };
}

const verdictOf = (run: CaseRun, definition: CaseDefinition): string =>
  run.kind === 'ran' ? judgeCase(run.record, definition.checks, judgedClass).verdict : `${run.kind}: ${run.why.en}`;

/** Does what it is asked to do, at the stub. */
const obliging =
  (steps: HumanStep[] = []): Ask =>
  async (step) => {
    steps.push(step);
    const { en } = step.says;
    const operate = (command: Parameters<OpenStub['platform']['operate']>[0]): void => {
      const result = stub.platform.operate(command);
      if (!result.ok) throw new Error(result.message);
    };
    const toggled = /turn Dynamic Registration (on|off)/.exec(en)?.[1];
    if (toggled) operate({ action: 'X-SetDynamicRegistration', productKey: PRODUCT, on: toggled === 'on' });
    const added = /add a device named (\S+)/.exec(en)?.[1];
    if (added) operate({ action: 'AddDevice', productKey: PRODUCT, deviceName: added });
    return '';
  };

const HUMAN = 'administrator: { kind: human }';

describe('a person', () => {
  test('is asked step by step, and every answer is an attestation of its span', async () => {
    const steps: HumanStep[] = [];
    const run = open(target(HUMAN), { ask: obliging(steps), allowDestructive: true });
    const definition = find('platform/switch/registration-off');
    expect(verdictOf(await run.go(definition), definition)).toBe('pass');
    expect(steps.length).toBeGreaterThan(2);
    expect(steps.every((one) => one.case === definition.id && one.says['zh-CN'] !== one.says.en)).toBe(true);
    const attestations = run.attestations();
    expect(attestations).toHaveLength(steps.length);
    expect(attestations.every((one) => one.span !== '' && one.who !== '' && one.answer === 'done')).toBe(true);
    expect(attestations.find((one) => /Registration off/.test(one.what))).toMatchObject({ case: definition.id });
    expect(new Set(attestations.map((one) => one.span)).size).toBe(attestations.length);
  });

  test('may skip: the case is not run, with the step; the next one is asked again', async () => {
    const answers = ['skip', 'n'];
    const run = open(target(HUMAN), { ask: () => Promise.resolve(answers.shift()) });
    const definition = find('platform/registration/register-connect');
    expect(verdictOf(await run.go(definition), definition)).toMatch(/^not-run: the step was skipped .*add a device named/);
    expect(verdictOf(await run.go(definition), definition)).toMatch(/^not-run: the step cannot be done/);
    expect(verdictOf(await run.go(definition), definition)).toMatch(/^not-run: nobody is there/);
    expect(run.attestations().map((one) => one.answer)).toEqual(['skip', 'n']);
  });

  test('may end the run', async () => {
    let asked = 0;
    const run = open(target(HUMAN), { ask: () => Promise.resolve((asked++, 'quit')) });
    const definition = find('platform/registration/register-connect');
    for (let i = 0; i < 3; i++) expect(verdictOf(await run.go(definition), definition)).toMatch(/^not-run: the person .* ended the run/);
    expect(asked).toBe(1);
  });

  test('who does not answer in time is not waited for', async () => {
    let withdrawn = false;
    const never: Ask = (_step, signal) =>
      new Promise(() => {
        signal.addEventListener('abort', () => (withdrawn = true));
      });
    const run = open(target('administrator: { kind: human, minutes: 0.01 }'), { ask: never });
    const definition = find('platform/registration/register-connect');
    expect(verdictOf(await run.go(definition), definition)).toMatch(/^not-run: nobody answered within 0\.6 s: .*add a device/);
    expect(withdrawn).toBe(true);
  });

  test('at a terminal answers in lines, one for each step; the end of input is nobody', async () => {
    const [input, output] = [new PassThrough(), new PassThrough()];
    const terminal = openTerminal(input, output);
    const step: HumanStep = { case: 'platform/x', says: { en: 'Do it', 'zh-CN': '做' }, kind: 'do' };
    const first = terminal.ask(step, new AbortController().signal);
    expect(String(output.read())).toContain('platform/x\n  Do it\n');
    input.write('\nskip\n');
    expect(await first).toBe('');
    expect(await terminal.ask(step, new AbortController().signal)).toBe('skip');
    const withdraw = new AbortController();
    const third = terminal.ask({ ...step, kind: 'read', choices: ['a', 'b'] }, withdraw.signal);
    expect(String(output.read())).toContain('[a, b]');
    withdraw.abort();
    expect(await third).toBeUndefined();
    const last = terminal.ask(step, new AbortController().signal);
    input.end();
    expect(await last).toBeUndefined();
    expect(await terminal.ask(step, new AbortController().signal)).toBeUndefined();
    terminal.close();
  });
});

describe('an inventory', () => {
  test('gives each name once, over runs; a run that needs more than are left is refused before it starts', async () => {
    const at = target(`inventory: names.csv`);
    const definition = find('platform/prereg/random-again');
    const run = open(at);
    expect(run.profiles).toEqual(['prereg', 'nwl', 'https']);
    expect(run.before([definition], 1).join('\n')).toMatch(/forecast: 1 case,/);
    const used = new Set<string>();
    for (let i = 0; i < 2; i++) {
      expect(verdictOf(await run.go(definition), definition)).toBe('pass');
    }
    for (const line of readFileSync(join(folder, 'names.csv.ledger.jsonl'), 'utf8').trim().split('\n')) {
      const entry = JSON.parse(line) as { deviceName: string; run: string };
      expect(entry.run).toBe(run.id);
      used.add(entry.deviceName);
    }
    expect(used.size).toBeGreaterThanOrEqual(2);
    expect(at.inventory?.left()).toBe(8 - used.size);
    const left = at.inventory?.left() ?? 0;
    const many = Array.from({ length: left + 1 }, () => definition);
    expect(() => open(at).before(many, 1)).toThrow(new RegExp(`of the inventory, ${left === 1 ? '1 is' : `${left} are`} left`));
    expect(
      leftovers(readLedger(run.id).entries)?.forGood.filter((line) => /registers again only after ResetThing/.test(line)),
    ).toHaveLength(used.size);
  });

  test('that runs share gives no name twice', async () => {
    writeFileSync(join(folder, 'shared.csv'), Array.from({ length: 40 }, (_, i) => `pool-${i}`).join('\n'));
    const [a, b] = [target('inventory: shared.csv').inventory, target('inventory: shared.csv').inventory];
    if (!a || !b) throw new Error('no inventory');
    const taken = await Promise.all(Array.from({ length: 40 }, (_, i) => (i % 2 ? a : b).take('x')));
    expect(new Set(taken.map((one) => one.deviceName)).size).toBe(40);
    await expect(a.take('x')).rejects.toThrow(/no name left/);
  });

  test('is read only when another process has let go of it, or has died', async () => {
    const file = join(folder, 'locked.csv');
    writeFileSync(file, 'pool-0\npool-1\npool-2\n');
    const { inventory } = target('inventory: locked.csv');
    mkdirSync(`${file}.ledger.lock`);
    const mine = inventory?.take('mine');
    writeFileSync(`${file}.ledger.jsonl`, '{"deviceName":"pool-0","run":"theirs"}\n');
    rmdirSync(`${file}.ledger.lock`);
    expect((await mine)?.deviceName).toBe('pool-1');
    mkdirSync(`${file}.ledger.lock`);
    utimesSync(`${file}.ledger.lock`, 1, 1);
    expect((await inventory?.take('mine'))?.deviceName).toBe('pool-2');
    expect(existsSync(`${file}.ledger.lock`)).toBe(false);
  });

  test.each([
    ['x y\n', /line 1 does not begin with a DeviceName/],
    ['DeviceName\nunit-0001\nunit-0001\n', /line 3 has the DeviceName of line 2/],
    ['unit-0001,hush,hush\n', /line 1 has more than/],
  ])('that is wrong is said by its line: %j', (text, why) => {
    writeFileSync(join(folder, 'wrong.csv'), text);
    expect(() => target('inventory: wrong.csv')).toThrow(why);
  });

  test('whose ledger is torn is refused: a name would be used twice', () => {
    writeFileSync(join(folder, 'torn.csv'), 'unit-0001\n');
    writeFileSync(join(folder, 'torn.csv.ledger.jsonl'), '{"deviceName":"uni');
    expect(() => target('inventory: torn.csv').inventory?.left()).toThrow(/torn\.csv\.ledger\.jsonl, line 1/);
  });

  test('beside an administrator who makes products is a contradiction', () => {
    const lines = 'inventory: names.csv\nadministrator: { kind: alicloud, region: cn-shanghai, createProducts: true }';
    expect(() => target(lines)).toThrow(/makes a product for each case/);
  });
});

describe('a run without an administrator', () => {
  test('judges what nobody needs to administer, and runs nothing destructive unasked', async () => {
    const run = open(target(''));
    expect([run.administrator, run.profiles, run.destructiveAllowed]).toEqual(['none', ['nwl'], false]);
    const needing = find('platform/nwl/token-across-clear');
    expect(verdictOf(await run.go(needing), needing)).toMatch(/^not-run: it deletes.*--allow-destructive/);
    const allowed = open(target(''), { allowDestructive: true });
    expect(verdictOf(await allowed.go(needing), needing)).toBe('not-run: the target has no administrator');
    expect(run.before([needing, find('platform/nwl/five-units')], 2, ['nwl', 'operator']).join('\n')).toMatch(
      /forecast: 1 case,[^]*1 destructive case will/,
    );
  });

  test('keeps to the pace: connections are spaced over all cases', async () => {
    const at = { ...target(''), perSecond: 10 };
    const run = open(at);
    const definition = find('platform/nwl/five-units');
    const results = await Promise.all([run.go(definition), run.go(definition)]);
    const dialled = results
      .flatMap((one) => (one.kind === 'ran' ? one.record.spans : []))
      .flatMap((span) => span.events.filter((event) => event.kind === 'packet' && event.dir === 'out' && event.hex.startsWith('10')))
      .map((event) => event.at)
      .sort((x, y) => x - y);
    expect(dialled.length).toBeGreaterThan(10);
    expect((dialled.at(-1) ?? 0) - (dialled[0] ?? 0)).toBeGreaterThan((dialled.length - 2) * 100 * 0.8);
  });
});

describe('the ledger', () => {
  test('is written before the action, for this user only, and what is left of a killed run can be removed', async () => {
    const files = openLedger('killed', folder).files;
    expect(files).toHaveLength(2);
    for (const file of files) expect(statSync(file).mode & 0o777).toBe(0o600);
    const run = open(target(HUMAN), { allowDestructive: true, ask: obliging(), namespace: 'killed', out: folder });
    const definition = find('platform/switch/registration-off');
    await run.go(definition);
    const [first = '', second = ''] = files.map((file) => readFileSync(file, 'utf8'));
    expect(second).toBe(first);
    expect(first).not.toContain('ps0123456789abcd');
    // The process died while it wrote, with the switch off.
    const { append } = openLedger('killed', undefined);
    append({ what: 'switch', case: definition.id, productKey: PRODUCT, on: false });
    stub.platform.operate({ action: 'X-SetDynamicRegistration', productKey: PRODUCT, on: false });
    append({ what: 'device', case: definition.id, productKey: PRODUCT, deviceName: 'never-sent-1' });
    appendFileSync(files[0] ?? '', '{"what":"devi');
    const ledger = readLedger('killed');
    const what = leftovers(ledger.entries);
    if (!what) throw new Error('no run');
    expect(what).toMatchObject({ administrator: { kind: 'human' }, products: [], switchedOff: [PRODUCT] });
    expect(listOf(what).join('\n')).toMatch(/device \S+ of product a1Muster0001/);
    const stubs = stubOperator((command) => Promise.resolve(stub.platform.operate(command)), '1', 'killed');
    const removed: unknown[] = [];
    const { left } = await cleanUp(what, stubs, (entry) => removed.push(entry));
    expect(left).toEqual([]);
    expect(removed.length).toBe(what.devices.length + 1);
    const product = stub.platform.state.products.get(PRODUCT);
    expect(product?.dynamicRegistration).toBe(true);
    expect(what.devices.filter(({ deviceName }) => product?.devices.has(deviceName))).toEqual([]);
  });

  test('that cannot be kept stops the run; one that nobody has is said', () => {
    process.env.XDG_STATE_HOME = join(folder, 'names.csv');
    expect(() => open(target(''))).toThrow(/the ledger of the run cannot be kept/);
    process.env.XDG_STATE_HOME = join(folder, 'state');
    expect(() => readLedger('nobody')).toThrow(/no run nobody has a ledger/);
    expect(() => readLedger('../../names.csv')).toThrow(/no run/);
    expect(() => readLedger(join(folder, 'stub.yaml'))).toThrow(/line 1 is no entry of a ledger/);
  });
});
