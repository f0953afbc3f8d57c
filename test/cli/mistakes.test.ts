// What a user may get wrong: one line on stderr that says what, where and what to do, before anything has run.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { createServer as createHttpServer } from 'node:http';
import { once } from 'node:events';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { EXIT, Sandbox } from './process.ts';

const sandbox = new Sandbox();
afterEach(() => {
  expect(sandbox.leftBehind()).toEqual([]);
});
afterAll(() => sandbox.close());

/** A secret that a user puts in the wrong place. */
const SECRET = 'hush0hush0hush0h';
const ENV = { MUSTER_PRODUCT_KEY: 'a1Muster0001', MUSTER_PRODUCT_SECRET: SECRET };
const NOBODY = 'mqtts://127.0.0.1:1';

mkdirSync(sandbox.at('folder'));
/** As many nodes as ten to the eighth, of nine lines. */
const BOMB = [
  'a: &a [1,1,1,1,1,1,1,1,1,1]',
  ...[...'bcdefghi'].map((name, i) => `${name}: &${name} [${Array(10).fill(`*${'abcdefgh'[i]}`).join()}]`),
];
const FILES = {
  'empty.yaml': '',
  'secret.txt': SECRET,
  'torn.yaml': 'endpoints: [',
  'twice.yaml': 'name: a\nname: b\n',
  'bomb.yaml': BOMB.join('\n'),
  'tag.yaml': 'name: !!js/function x\n',
  'no-product.yaml': `endpoints: { mqtts: ${NOBODY} }\n`,
  'no-variable.yaml': `endpoints: { mqtts: ${NOBODY} }\nproduct: { key: a1, secretEnv: NOBODY_SET_THIS }\n`,
  'no-secret-file.yaml': `endpoints: { mqtts: ${NOBODY} }\nproduct: { key: a1, secretFile: none.txt }\n`,
  'no-token.yaml': `endpoints: { mqtts: ${NOBODY} }\nproduct: { key: a1 }\nadministrator: { kind: stub, url: 'http://127.0.0.1:1/', tokenFile: none.txt }\n`,
  'console.yaml': `endpoints: { mqtts: ${NOBODY} }\nproduct: { key: a1 }\nadministrator: { kind: alicloud }\n`,
  'names.yaml': `endpoints: { mqtts: ${NOBODY} }\nproduct: { key: a1 }\ninventory: names.csv\n`,
  'bad-key.yaml': `endpoints: { mqtts: ${NOBODY} }\nproduct: { key: 'a b' }\n`,
  'plain.yaml': 'endpoints: { mqtt: mqtt://127.0.0.1:1 }\nproduct: { key: a1 }\n',
  'https.yaml': 'endpoints: { https: https://127.0.0.1:1/auth/register/device }\nproduct: { key: a1 }\n',
  'file.txt': 'a file\n',
} as const;
for (const [name, text] of Object.entries(FILES)) writeFileSync(sandbox.at(name), text);

const fleet = (...args: string[]): string[] => ['fleet', ...args];
const target = (file: keyof typeof FILES): string[] => fleet('--target', file);

describe('is said in one line, with exit code 64', () => {
  test.each<[string[], RegExp]>([
    [['flet'], /^muster: unknown command 'flet' \(Did you mean fleet\?\); see `muster --help`$/],
    [['verify', 'cloud'], /unknown command 'cloud'/],
    [['verify', 'platform', '--bogus'], /unknown option '--bogus'; see `muster verify platform --help`$/],
    [fleet('--devices'), /'--devices <n>' argument missing; see `muster fleet --help`$/],
    [fleet('nine'), /plan nine does not exist/],
    [fleet('--devices', '-3'), /'-3' is invalid\. Give a whole number from 1 to 100000/],
    [fleet('--devices', '1e3'), /whole number/],
    [fleet('--devices', ''), /whole number/],
    [fleet('--rate', 'abc'), /'abc' is invalid\. Give a number above 0/],
    [fleet('--rate', '0x10'), /Give a number above 0/],
    [fleet('--rate', 'Infinity'), /Give a number above 0/],
    [fleet('--hold', '-1'), /Give seconds/],
    [fleet('--workers', '0'), /from 1 to 64/],
    [fleet('--mode', 'bogus'), /--mode bogus/],
    [fleet('--product-key', 'a1'), /--product-key needs a --target/],
    [fleet('--target', ''), /--target is empty/],
    [fleet('--target', 'http://127.0.0.1:1'), /scheme/],
    [fleet('--target', `mqtts://me:${SECRET}@127.0.0.1:1`), /carries a name or a password/],
    [fleet('--target', 'mqtts://127.0.0.1:99999'), /is not a URL; write it as mqtts:\/\/HOST:PORT/],
    [fleet('--target', NOBODY, '--product-key', 'a b'), /--product-key: a ProductKey is/],
    [fleet('--target', NOBODY, '--ca', 'none.pem'), /--ca none\.pem does not exist/],
    [fleet('--target', NOBODY, '--ca', 'folder'), /--ca folder is a directory/],
    [fleet('--target', NOBODY, '--ca', 'file.txt'), /CA to trust cannot be read/],
    [target('empty.yaml'), /empty\.yaml holds no/],
    [target('secret.txt'), /secret\.txt holds no/],
    [target('torn.yaml'), /torn\.yaml is not YAML \(line 1, column 13\)/],
    [target('twice.yaml'), /twice\.yaml is not YAML \(line 2, column 1\): duplicate key/],
    [target('bomb.yaml'), /bomb\.yaml has aliases/],
    [target('tag.yaml'), /tag\.yaml, endpoints/],
    [target('no-product.yaml'), /no-product\.yaml, product/],
    [target('no-variable.yaml'), /NOBODY_SET_THIS is not set/],
    [target('no-secret-file.yaml'), /secret file .*none\.txt does not exist/],
    [target('no-token.yaml'), /token file .*none\.txt does not exist/],
    [target('console.yaml'), /console\.yaml, administrator: needs a region, or an endpoint/],
    [target('names.yaml'), /inventory .*names\.csv does not exist/],
    [target('bad-key.yaml'), /bad-key\.yaml, product\.key: a ProductKey is/],
    [fleet('--target', 'file.txt/x.yaml'), /no directory/],
    [fleet('--json', ''), /--json names no file/],
    [fleet('--json', 'file.txt/x.json'), /folder does not exist/],
    [['verify', 'platform', '--json', 'folder'], /--json folder is a directory/],
    [['verify', 'platform', '--out', ''], /--out names no directory/],
    [['verify', 'platform', '--out', 'file.txt'], /--out file\.txt cannot be made a directory/],
    [['verify', 'platform', '--jobs', '0'], /from 1 to 16/],
    [['verify', 'platform', '--case', ''], /see `muster verify platform --case list`/],
    [['verify', 'platform', '--mutant', 'no-cap', '--target', NOBODY], /`muster stub --mutant`/],
    [['verify', 'firmware', '--mutant', 'no-cap'], /see `muster verify firmware --mutant list`/],
    [['stub', '--mutant', 'never-stores'], /names no mutant/],
    [['serve', '--port', '70000'], /from 0 to 65535/],
  ])('%j', async (args, words) => {
    const { code, stdout, stderr } = await sandbox.run(args, { env: ENV });
    expect(stderr.trimEnd()).toMatch(words);
    expect(stderr).toMatch(/^muster: [^\n]+\n$/);
    expect(stderr).not.toContain(SECRET);
    expect({ code, stdout }).toEqual({ code: EXIT.usage, stdout: '' });
  });

  test.skipIf(process.platform !== 'linux').each([
    fleet('--json', '/proc/muster.json'),
    // Node 20's own recursive mkdir never comes back from there.
    ['verify', 'platform', '--out', '/proc/muster'],
  ])('%j %j %j, before anything has run', async (...args) => {
    const { code, stdout, stderr } = await sandbox.run(args);
    expect(stderr).toMatch(/^muster: [^\n]*\/proc\/muster[^\n]*\n$/);
    expect({ code, stdout }).toEqual({ code: EXIT.usage, stdout: '' });
  });

  test('a ProductKey or ProductSecret that is missing, or empty in the environment', async () => {
    const say = async (env: NodeJS.ProcessEnv): Promise<string> => {
      const { code, stderr } = await sandbox.run(fleet('--target', NOBODY), { env });
      expect(code).toBe(EXIT.usage);
      return stderr;
    };
    expect(await say({})).toContain('set MUSTER_PRODUCT_KEY');
    expect(await say({ MUSTER_PRODUCT_KEY: '' })).toContain('set MUSTER_PRODUCT_KEY');
    expect(await say({ MUSTER_PRODUCT_KEY: 'a b' })).toContain('MUSTER_PRODUCT_KEY: a ProductKey is');
    expect(await say({ MUSTER_PRODUCT_KEY: 'a1' })).toContain('MUSTER_PRODUCT_SECRET is not set');
    expect(await say({ MUSTER_PRODUCT_KEY: 'a1', MUSTER_PRODUCT_SECRET: '' })).toContain('MUSTER_PRODUCT_SECRET is not set');
  });
});

describe('is said in one line, with exit code 3', () => {
  test.each([
    ['https.yaml', fleet('--devices', '3'), /no encrypted endpoint/],
    ['https.yaml', ['verify', 'platform'], /no encrypted endpoint/],
    ['plain.yaml', ['verify', 'platform'], /no encrypted endpoint/],
    // Load may be put on a broker in clear: it is dialled.
    ['plain.yaml', fleet('--devices', '3'), /nothing listens there/],
  ])('a target that can register nobody: %s, %j', async (file, command, why) => {
    const { code, stdout, stderr } = await sandbox.run([...command, '--target', file], { env: ENV });
    expect(stderr).toMatch(/^muster: [^\n]*\n$/);
    expect(stderr).toMatch(why);
    expect({ code, stdout }).toEqual({ code: EXIT.unreachable, stdout: '' });
  });

  test('a port that speaks plain HTTP, or hangs up', async () => {
    const http = createHttpServer((_request, response) => response.end('hello'));
    const rude = createServer((socket) => socket.destroy());
    try {
      for (const server of [http, rude]) {
        for (const url of [`mqtts://127.0.0.1:${await listening(server)}`, `wss://127.0.0.1:${portOf(server)}/mqtt`]) {
          const { code, stdout, stderr } = await sandbox.run([...fleet('--devices', '3'), '--target', url], { env: ENV });
          expect(stderr).toMatch(/^muster: [^\n]+ cannot be reached: [^\n]+\n$/);
          expect({ code, stdout }).toEqual({ code: EXIT.unreachable, stdout: '' });
        }
      }
    } finally {
      http.close();
      rude.close();
    }
  });

  test('a port of a stub that is in use', async () => {
    const server = createServer();
    try {
      writeFileSync(
        sandbox.at('busy.yaml'),
        `products: [{ productKey: a1, productSecret: ${SECRET}, devices: [] }]\nports: { wss: ${await listening(server)} }\n`,
      );
      const { code, stdout, stderr } = await sandbox.run(['stub', '--json', '--config', 'busy.yaml']);
      expect(stderr).toContain(`port ${portOf(server)} (wss)`);
      expect(stderr).toMatch(/^[^\n]+\n$/);
      expect({ code, stdout }).toEqual({ code: EXIT.unreachable, stdout: '' });
    } finally {
      server.close();
    }
  });

  test('a product that the stub does not have, and names that it has already', async () => {
    await sandbox.withStub([], async ({ target: file, mqtts, ca }) => {
      const secret = { MUSTER_PRODUCT_SECRET: 'ps0123456789abcd' };
      const url = ['--target', `mqtts://127.0.0.1:${mqtts}`, '--ca', ca];
      const other = await sandbox.run([...fleet('--devices', '2'), ...url, '--product-key', 'a1Nobody'], { env: secret });
      expect(other).toMatchObject({ code: EXIT.unreachable, stderr: expect.stringMatching(/a1Nobody; check the ProductKey/) as string });
      const again = [...fleet('--devices', '2', '--namespace', 'same'), '--target', file];
      expect((await sandbox.run(again)).code).toBe(EXIT.asked);
      expect(await sandbox.run(again)).toMatchObject({
        code: EXIT.unreachable,
        stderr: expect.stringMatching(/msame-\S+ exists; use a fresh --namespace/) as string,
      });
    });
  });

  test('a secret that is wrong is the platform’s to refuse: exit code 1', async () => {
    await sandbox.withStub([], async ({ mqtts, ca }) => {
      const args = [...fleet('--devices', '4', '--json', '-'), '--target', `mqtts://127.0.0.1:${mqtts}`, '--ca', ca];
      const { code, stdout, stderr } = await sandbox.run(args, { env: { MUSTER_PRODUCT_KEY: undefined, MUSTER_PRODUCT_SECRET: SECRET } });
      expect(code).toBe(EXIT.notConformant);
      expect(JSON.parse(stdout)).toMatchObject({ refused: 4, outcomes: { 'refused connack 4': 4 } });
      expect(stdout + stderr).not.toContain(SECRET);
    });
  });
});

describe('what is written', () => {
  const one = fleet('--devices', '1', '--json');

  test('goes through a link, and leaves no draft', async () => {
    mkdirSync(sandbox.at('links'));
    writeFileSync(sandbox.at('links', 'real.json'), 'old');
    expect(
      (await sandbox.run([...one, 'link.json'], { shell: 'ln -s links/real.json link.json && "$@" && test -L link.json && ls links' }))
        .stdout,
    ).toMatch(/real\.json\n$/);
    expect(JSON.parse(readFileSync(sandbox.at('links', 'real.json'), 'utf8'))).toMatchObject({ activated: 1 });
  });

  test('goes into a pipe and a device without putting a file in their place', async () => {
    // A pipe stands for /dev/null, which the user root would lose.
    const { code, stdout } = await sandbox.run([...one, 'pipe'], {
      shell: 'mkfifo pipe; cat pipe > read.json & "$@" > /dev/null; code=$?; wait; test -p pipe && echo still a pipe; exit $code',
    });
    expect({ code, stdout }).toEqual({ code: EXIT.asked, stdout: 'still a pipe\n' });
    expect(JSON.parse(readFileSync(sandbox.at('read.json'), 'utf8'))).toMatchObject({ activated: 1 });
  });
});

async function listening(server: Server): Promise<number> {
  if (!server.listening) {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  }
  return portOf(server);
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}
