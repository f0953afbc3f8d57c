// Every format of a report by the name that `--reporter` gives it. A format is a pure function of the report and its evidence.
import { renderCtrf } from './ctrf.ts';
import { renderHtml } from './html/render.ts';
import { renderJunit } from './junit.ts';
import { renderMarkdown } from './markdown.ts';
import type { Report } from './model.ts';
import { renderSarif } from './sarif.ts';
import type { StoredCase } from './transcript.ts';

export interface Format {
  /** Name of the file in the folder of the run. */
  readonly file: string;
  readonly render: (report: Report, evidence: readonly StoredCase[]) => string;
}

export const FORMATS = {
  json: { file: 'report.json', render: (report) => `${JSON.stringify(report, null, 2)}\n` },
  html: { file: 'report.html', render: renderHtml },
  junit: { file: 'junit.xml', render: renderJunit },
  md: { file: 'summary.md', render: renderMarkdown },
  ctrf: { file: 'ctrf.json', render: renderCtrf },
  sarif: { file: 'report.sarif', render: renderSarif },
} satisfies Record<string, Format>;

export type FormatName = keyof typeof FORMATS;
export const FORMAT_NAMES = Object.keys(FORMATS) as FormatName[];
