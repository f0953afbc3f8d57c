// Publishing a long run takes seconds, and a second Ctrl-C must not wait for it: signals come in between its steps.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { FORMAT_NAMES } from '../report/formats.ts';
import { runSample } from '../report/sample.testkit.ts';
import { publish } from './publish.ts';

const out = mkdtempSync(join(tmpdir(), 'muster-publish-'));
afterAll(() => rmSync(out, { recursive: true }));

test('everything else gets a turn between two cases and two formats; what is written is the same', async () => {
  const { result, report, transcript } = await runSample({ only: 'platform/registration/', partial: true });
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  let turns = 0;
  let going = true;
  const count = (): void => {
    turns += 1;
    if (going) setImmediate(count);
  };
  setImmediate(count);
  try {
    expect(await publish(result, { out })).toEqual(report);
  } finally {
    going = false;
    vi.restoreAllMocks();
  }
  expect(result.records.length).toBeGreaterThan(2);
  expect(turns).toBeGreaterThanOrEqual(result.records.length + FORMAT_NAMES.length);
  expect(readFileSync(join(out, 'transcript.jsonl'), 'utf8')).toBe(transcript.text);
  expect(readdirSync(out)).toHaveLength(1 + FORMAT_NAMES.length);
});
