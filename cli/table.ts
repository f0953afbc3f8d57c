// Plain tables for a terminal or a log.
import colours from 'picocolors';
import type { Verdict } from '../scenarios/judge/verdict.ts';

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
