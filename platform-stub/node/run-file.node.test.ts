// How one process finds the stub of another.
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { findStub, runDir, writeRunFile, type RunEntry } from './run-file.node.ts';

const ENTRY: RunEntry = {
  pid: process.pid,
  ports: { mqtt: 1883, mqtts: 8883, ws: 8083, wss: 8084, https: 8443, api: 8480 },
  operatorToken: 'token-of-this-test',
  caPath: '/tmp/ca.pem',
  products: [{ productKey: 'a1Muster0001' }],
};
let dir: string;

beforeEach(() => {
  dir = join(mkdtempSync(join(tmpdir(), 'muster-run-')), 'muster');
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(join(dir, '..'), { recursive: true });
});

describe('the run file', () => {
  it('is found by each device port, is this user’s only, and goes', () => {
    const remove = writeRunFile(ENTRY, dir);
    for (const port of [1883, 8883, 8083, 8084, 8443]) expect(findStub(port, dir)).toEqual(ENTRY);
    expect(findStub(8480, dir)).toBeUndefined();
    expect(findStub(9999, dir)).toBeUndefined();
    expect(readdirSync(dir)).toEqual([`stub-${process.pid}.json`]);
    expect(statSync(dir).mode & 0o777).toBe(0o700);
    expect(statSync(join(dir, `stub-${process.pid}.json`)).mode & 0o777).toBe(0o600);
    remove();
    remove();
    expect(readdirSync(dir)).toEqual([]);
    expect(findStub(1883, dir)).toBeUndefined();
  });

  it('of a process that is gone is removed; what is no run file is left alone', () => {
    // Larger than any pid of Linux and macOS.
    writeRunFile({ ...ENTRY, pid: 2_000_000_000 }, dir);
    writeFileSync(join(dir, `stub-${process.ppid}.json`), '{"half":');
    writeFileSync(join(dir, 'notes.txt'), 'x');
    expect(findStub(1883, dir)).toBeUndefined();
    expect(readdirSync(dir).sort()).toEqual(['notes.txt', `stub-${process.ppid}.json`]);
  });

  it('is neither written to nor read from a directory that others can enter', () => {
    writeRunFile(ENTRY, dir)();
    chmodSync(dir, 0o777);
    writeRunFile(ENTRY, dir);
    expect(readdirSync(dir)).toEqual([]);
    chmodSync(dir, 0o700);
    writeRunFile(ENTRY, dir);
    chmodSync(dir, 0o755);
    expect(findStub(1883, dir)).toBeUndefined();
  });

  it('is not needed: without a place for it the stub goes without', () => {
    const file = join(dir, '..', 'file');
    writeFileSync(file, '');
    expect(() => writeRunFile(ENTRY, join(file, 'muster'))()).not.toThrow();
    expect(existsSync(dir)).toBe(false);
    expect(findStub(1883, dir)).toBeUndefined();
  });

  it('lies in the runtime directory of the user, or in a temporary one of the same name for nobody else', () => {
    vi.stubEnv('XDG_RUNTIME_DIR', '/run/user/1000');
    expect(runDir()).toBe('/run/user/1000/muster');
    vi.stubEnv('XDG_RUNTIME_DIR', '');
    expect(runDir()).toMatch(/muster-\d+$/);
  });

  it('holds what a fleet needs as JSON', () => {
    const remove = writeRunFile(ENTRY, dir);
    expect(JSON.parse(readFileSync(join(dir, `stub-${process.pid}.json`), 'utf8'))).toEqual(ENTRY);
    remove();
  });
});
