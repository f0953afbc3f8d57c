// Units whose names, and perhaps credentials, stand in a file: a line for each. The first line may name the columns; without it they are
// deviceName and deviceSecret.
import { mention } from '../../kernel/mention.ts';
import { nearest } from '../../kernel/words.ts';
import { isDeviceName } from '../../protocol/names.ts';
import type { Credentials } from '../unit/flash.ts';
import type { ListedUnit } from './plan-cohort.ts';

const COLUMNS = ['deviceName', 'deviceSecret', 'clientId', 'deviceToken'] as const;
type Column = (typeof COLUMNS)[number];

export type ParsedUnits =
  | { readonly ok: true; readonly units: readonly ListedUnit[] }
  | { readonly ok: false; readonly line: number; readonly why: string; readonly remedy: string };

const cells = (line: string): string[] => line.split(',').map((cell) => cell.trim().replace(/^"(.*)"$/, '$1'));
const REMEDY = 'write deviceName[,deviceSecret] in each line, or name the columns in the first: deviceName,clientId,deviceToken';

const KNOWN = `columns are ${COLUMNS.join(', ')}; a device of that name needs the line deviceName,deviceSecret before it`;
/** Words that name a column, of this list or of somebody else's, and hardly ever a device. */
const HEADING =
  /^((device|client|product|unit|thing|serial)?(name|secret|id|identifier|token|key|number|no)s?|devices?|clients?|serials?|sn|imei|passwords?|users?(name)?|credentials?)$/;

/** Reads the list. What is wrong is said without the line's own words: a secret may be among them. */
export function parseUnits(text: string): ParsedUnits {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  const head = cells(lines[0] ?? '');
  const named = head.some((cell) => columnOf(cell) !== undefined || HEADING.test(plain(cell)));
  const columns: Column[] = [];
  for (const cell of named ? head : COLUMNS.slice(0, 2)) {
    const column = columnOf(cell);
    if (!column) {
      const meant = nearest(cell, COLUMNS);
      return {
        ok: false,
        line: 1,
        why: `${mention(cell, COLUMNS)} is no column`,
        remedy: `${meant ? `did you mean ${meant}? ` : ''}${KNOWN}`,
      };
    }
    if (columns.includes(column)) return { ok: false, line: 1, why: `names the column ${column} twice`, remedy: 'leave one of them out' };
    columns.push(column);
  }
  const units: ListedUnit[] = [];
  const seen = new Map<string, number>();
  for (const [i, line] of lines.entries()) {
    if ((i === 0 && named) || line.trim() === '') continue;
    const at = { ok: false, line: i + 1, remedy: REMEDY } as const;
    const found = cells(line);
    if (found.slice(columns.length).some((cell) => cell !== '')) return { ...at, why: `has more than ${columns.length} columns` };
    const of = (column: Column): string => found[columns.indexOf(column)] ?? '';
    const deviceName = of('deviceName');
    if (!isDeviceName(deviceName)) return { ...at, why: 'has no DeviceName: 4-32 letters, digits or - _ . @ :' };
    const before = seen.get(deviceName);
    if (before !== undefined) return { ...at, why: `has the DeviceName of line ${before}` };
    seen.set(deviceName, i + 1);
    const [deviceSecret, clientId, deviceToken] = [of('deviceSecret'), of('clientId'), of('deviceToken')];
    if ((clientId === '') !== (deviceToken === '')) return { ...at, why: 'has one of clientId and deviceToken, and needs both' };
    if (deviceSecret !== '' && clientId !== '') return { ...at, why: 'has a DeviceSecret and a DeviceToken: a unit holds one of them' };
    const credentials: Credentials | undefined =
      deviceSecret !== '' ? { kind: 'secret', deviceSecret } : clientId === '' ? undefined : { kind: 'token', clientId, deviceToken };
    units.push({ deviceName, ...(credentials ? { credentials } : {}) });
  }
  if (units.length === 0) return { ok: false, line: 1, why: 'names no unit', remedy: REMEDY };
  return { ok: true, units };
}

function columnOf(cell: string): Column | undefined {
  const word = cell.replace(/[ _]/g, '').toLowerCase();
  return COLUMNS.find((column) => column.toLowerCase() === word);
}

/** The letters of a cell, however it is spelt. */
function plain(cell: string): string {
  return cell.replace(/[ _.:-]/g, '').toLowerCase();
}
