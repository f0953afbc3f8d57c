// The ledger beside an inventory: which DeviceName was used by which run, one line each, never taken back. Several runs may share it: a
// name is taken under a lock.
import { appendFileSync, mkdirSync, readFileSync, rmdirSync, statSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import * as v from 'valibot';
import { codeOf, UserError } from '../../kernel/errors.ts';
import { parseInventory, unused, type InventoryName } from './inventory.ts';

export interface Inventory {
  /** How many no run has used yet. */
  left(): number;
  /** The next one; a UserError where none is left. */
  take(run: string): Promise<InventoryName>;
}

const USED = v.object({ deviceName: v.string(), run: v.string() });
const LOCK_RETRY_MS = 20;
/** Taking a name is a matter of milliseconds: a lock this old is of a process that was killed. */
const LOCK_STALE_MS = 10_000;

/** The inventory in `file`, with `FILE.ledger.jsonl` beside it. UserErrors for what cannot be read. */
export function openInventory(file: string, text: string): Inventory {
  const parsed = parseInventory(text);
  if (!parsed.ok)
    throw new UserError(`inventory ${file}, line ${parsed.line} ${parsed.why}`, 'write DeviceName[,DeviceSecret] in each line');
  const { names } = parsed;
  const ledger = `${file}.ledger.jsonl`;
  const used = (): Set<string> => readUsed(ledger);
  return {
    left: () => unused(names, used()).length,
    async take(run) {
      const release = await lock(`${file}.ledger.lock`);
      try {
        const [next] = unused(names, used());
        if (!next)
          throw new UserError(
            `inventory ${file} has no name left`,
            `add names to the platform and to the file; ${ledger} says which are used`,
          );
        appendFileSync(ledger, `${JSON.stringify({ deviceName: next.deviceName, run, at: new Date().toISOString() })}\n`);
        return next;
      } finally {
        release();
      }
    },
  };
}

function readUsed(ledger: string): Set<string> {
  let text: string;
  try {
    text = readFileSync(ledger, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return new Set();
    throw error;
  }
  const used = new Set<string>();
  for (const [i, line] of text.split('\n').entries()) {
    if (line === '') continue;
    const entry = v.safeParse(USED, jsonOf(line));
    // Overlooking a line would use a name twice.
    if (!entry.success)
      throw new UserError(`${ledger}, line ${i + 1} is not an entry of an inventory's ledger`, 'mend the line: {"deviceName":…,"run":…}');
    used.add(entry.output.deviceName);
  }
  return used;
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** A directory is made by one process only. */
async function lock(path: string): Promise<() => void> {
  for (;;) {
    try {
      mkdirSync(path);
      return () => rmdirSync(path);
    } catch (error) {
      if (codeOf(error) !== 'EEXIST')
        throw new UserError(`${path} cannot be made (${codeOf(error) ?? '?'})`, 'an inventory needs a folder that can be written to');
    }
    const since = statSync(path, { throwIfNoEntry: false })?.mtimeMs;
    if (since !== undefined && Date.now() - since > LOCK_STALE_MS) {
      try {
        rmdirSync(path);
      } catch (error) {
        // Another process was quicker.
        if (codeOf(error) !== 'ENOENT') throw error;
      }
    }
    await wait(LOCK_RETRY_MS);
  }
}
