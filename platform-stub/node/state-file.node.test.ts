// The platform's memory on disk, with real files and a real process that holds a lock.
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UserError } from '../../kernel/errors.ts';
import { Bench, brief, DN } from '../bench.testkit.ts';
import { keepState, lockStateDir, readState } from './state-file.node.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'muster-state-'));
});
afterEach(() => {
  chmodSync(dir, 0o700);
  rmSync(dir, { recursive: true });
});
const file = (): string => join(dir, 'state.json');
const thrown = (work: () => unknown): UserError => {
  try {
    work();
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
};

describe('the state of a stub', () => {
  it('is written a second after a change, whole, for this user only, and read back', () => {
    const bench = new Bench().add(DN);
    const keeper = keepState(dir, bench.platform, bench.clock, () => undefined);
    const issued = bench.issue();
    expect(existsSync(file())).toBe(false);
    bench.clock.advance(1000);
    expect([statSync(file()).mode & 0o777, readdirSync(dir)]).toEqual([0o600, ['state.json']]);
    bench.signIn(issued);
    keeper.stop();
    keeper.save();

    const next = new Bench();
    const kept = readState(dir);
    if (!kept) throw new Error('nothing kept');
    next.platform.restore(kept);
    expect([next.status(), brief(next.register()), brief(next.signIn(issued))]).toEqual(['OFFLINE', '4 activated', 'online']);
  });

  it('is not written for messages, nor when nothing happened', () => {
    const bench = new Bench().add(DN);
    const keeper = keepState(dir, bench.platform, bench.clock, () => undefined);
    bench.platform.note({ type: 'uplink', productKey: '', deviceName: DN, operation: 'publish', code: 200, reason: 'success' });
    bench.clock.advance(60_000);
    keeper.stop();
    bench.add('meter-0002');
    bench.clock.advance(60_000);
    expect(readdirSync(dir)).toEqual([]);
  });

  it('tells once that it cannot be written, goes on, and says so at the end', () => {
    const bench = new Bench();
    const told: string[] = [];
    const gone = join(dir, 'gone');
    const keeper = keepState(gone, bench.platform, bench.clock, (why) => told.push(why));
    for (const name of ['meter-0001', 'meter-0002']) {
      bench.add(name);
      bench.clock.advance(60_000);
    }
    expect([told.length, told[0]?.includes('ENOENT')]).toEqual([1, true]);
    expect(thrown(() => keeper.save()).exit).toBe(3);
    keeper.stop();
  });

  it.each([
    ['cut short', '{"format":"muster-platform","version":1,"products":[', 'damaged', /mend it, or move it away/],
    ['newer', '{"format":"muster-platform","version":9,"savedAt":1,"products":[]}', 'version 9', /that version of Muster/],
  ] as const)('is refused when it is %s, and stays as it is', (_what, text, says, remedy) => {
    writeFileSync(file(), text);
    const error = thrown(() => readState(dir));
    expect([error.exit, error.message.includes(file()), remedy.test(error.remedy)]).toEqual([3, true, true]);
    if (says !== 'damaged') expect(error.message).toContain(says);
    expect(readFileSync(file(), 'utf8')).toBe(text);
  });

  it('is not there at first', () => expect(readState(dir)).toBeUndefined());
});

describe('the lock of a state directory', () => {
  it('keeps a second stub out, names who holds it, and is given back', () => {
    const unlock = lockStateDir(dir);
    const error = thrown(() => lockStateDir(dir));
    expect([error.exit, error.message]).toEqual([3, `the state directory ${dir} is in use by process ${process.pid}`]);
    unlock();
    expect(readdirSync(dir)).toEqual([]);
    lockStateDir(dir)();
  });

  it('of a process that is gone is taken over; another’s is not given back', async () => {
    const child = spawn(process.execPath, ['-e', '']);
    const pid = child.pid ?? 0;
    await new Promise((resolve) => child.once('exit', resolve));
    writeFileSync(join(dir, 'lock'), `${pid}\n`);
    const unlock = lockStateDir(dir);
    expect(readFileSync(join(dir, 'lock'), 'utf8').split(' ')[0]).toBe(String(process.pid));
    writeFileSync(join(dir, 'lock'), '1\n');
    unlock();
    expect(existsSync(join(dir, 'lock'))).toBe(true);
  });

  it('of another process that has the same number now, as in a container, is taken over', () => {
    for (const text of [`${process.pid} 1\n`, '1 1\n']) {
      writeFileSync(join(dir, 'lock'), text);
      lockStateDir(dir)();
    }
    expect(readdirSync(dir)).toEqual([]);
  });

  it('cannot be taken where nothing can be written', () => {
    const error = thrown(() => lockStateDir(join(dir, 'absent')));
    expect([error.exit, /cannot be written to/.test(error.message)]).toEqual([3, true]);
  });
});
