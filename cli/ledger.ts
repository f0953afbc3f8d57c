// The ledger of a run as files: one in this user's state directory, always, and one in --out where it is given. Lines are appended before
// what they speak of is done, so that a killed run can be cleaned up.
import { appendFileSync, closeSync, mkdirSync, openSync, readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { codeOf, EXIT, UserError } from '../kernel/errors.ts';
import { parseLedger, type Append, type LedgerEntry } from '../scenarios/engine/ledger.ts';

export const LEDGER_FILE = 'ledger.jsonl';
/** Names of products and devices are nobody else's business. */
const PRIVATE_FILE = 0o600;
const PRIVATE_FOLDER = 0o700;

/** Where the ledgers of this user's runs are. */
export function runsFolder(env: NodeJS.ProcessEnv = process.env): string {
  return join(env.XDG_STATE_HOME || join(homedir(), '.local', 'state'), 'muster', 'runs');
}

/** Folder of one run; a namespace is any text, a folder is not. */
function folderOf(run: string): string {
  const safe = encodeURIComponent(run).replaceAll('.', '%2E');
  return join(runsFolder(), safe === '' ? '%' : safe);
}

/** Opens the ledger of a run for appending; a UserError where none can be kept, since nothing is done that is not written down. */
export function openLedger(run: string, out: string | undefined): { readonly files: readonly string[]; readonly append: Append } {
  const files = [folderOf(run), ...(out === undefined ? [] : [out])].map((folder) => join(folder, LEDGER_FILE));
  try {
    mkdirSync(folderOf(run), { recursive: true, mode: PRIVATE_FOLDER });
    for (const file of files) closeSync(openSync(file, 'a', PRIVATE_FILE));
  } catch (error) {
    const code = codeOf(error);
    if (code === undefined) throw error;
    throw new UserError(
      `the ledger of the run cannot be kept in ${runsFolder()} (${code})`,
      'set XDG_STATE_HOME to a folder that can be written to',
      EXIT.unreachable,
    );
  }
  return { files, append: (entry) => appendTo(files, entry) };
}

/** A ledger that is there already, by the id of its run or by its path. */
export function readLedger(run: string): { readonly entries: readonly LedgerEntry[]; readonly append: Append } {
  const places = [join(folderOf(run), LEDGER_FILE), run, join(run, LEDGER_FILE)];
  const file = run === '' ? undefined : places.find((path) => statSync(path, { throwIfNoEntry: false })?.isFile());
  if (file === undefined)
    throw new UserError(
      `no run ${run} has a ledger in ${runsFolder()}`,
      'give the id that the run printed, or the path of its ledger.jsonl',
    );
  const { entries, fault } = parseLedger(readFileSync(file, 'utf8'));
  if (fault !== undefined) throw new UserError(`${file}: ${fault}`, 'give the ledger.jsonl of a run');
  return { entries, append: (entry) => appendTo([file], entry) };
}

function appendTo(files: readonly string[], entry: LedgerEntry): void {
  const line = `${JSON.stringify({ at: new Date().toISOString(), ...entry })}\n`;
  for (const file of files) appendFileSync(file, line, { mode: PRIVATE_FILE });
}
