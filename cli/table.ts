// Plain tables for a terminal or a log.
import picocolors from 'picocolors';
import type { Health } from './doctor/examination.ts';
import type { Verdict } from '../scenarios/judge/verdict.ts';

/** On a terminal, or where FORCE_COLOR asks: the library alone would also colour a file or a pipe whenever CI is set. */
const colours = picocolors.createColors(picocolors.isColorSupported && (process.stdout.isTTY || process.env.FORCE_COLOR !== undefined));

/** Columns padded to their widest cell; the last one as it is. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows
    .map((row) => row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0))).join('  '))
    .join('\n');
}

/** A verdict in its colour, where there are colours. */
export function coloured(verdict: Verdict | 'conformant' | 'not-conformant' | 'undetermined', text: string): string {
  switch (verdict) {
    case 'pass':
    case 'conformant':
      return colours.green(text);
    case 'fail':
    case 'error':
    case 'not-conformant':
      return colours.red(text);
    default:
      return colours.yellow(text);
  }
}

/** How an examination ended, padded to one width, in its colour. */
export function colouredHealth(health: Health): string {
  const text = health.padEnd('unknown'.length);
  if (health === 'ok') return colours.green(text);
  return health === 'problem' ? colours.red(text) : colours.yellow(text);
}
