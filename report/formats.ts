// Every format of a report by the name that `--reporter` gives it. A format is a pure function of the report and its evidence.
import type { Report } from './model.ts';
import type { StoredCase } from './transcript.ts';

export interface Format {
  /** Name of the file in the folder of the run. */
  readonly file: string;
  readonly render: (report: Report, evidence: readonly StoredCase[]) => string;
}

export const FORMATS = {
  json: { file: 'report.json', render: (report) => `${JSON.stringify(report, null, 2)}\n` },
} satisfies Record<string, Format>;

export type FormatName = keyof typeof FORMATS;
export const FORMAT_NAMES = Object.keys(FORMATS) as FormatName[];
