// A report in Chinese calls a target by its own name, and says what is Muster's own in Chinese.
import { expect, test } from 'vitest';
import { makeLoadReport } from './load.ts';
import { FIGURES, OPTIONS } from './load.testkit.ts';
import { renderHtml } from './html/render.ts';
import { runSample } from './sample.testkit.ts';
import { zhCN } from './words.zh-CN.ts';

test('a target by the name of its file, and nothing of a stub', async () => {
  const { report, evidence } = await runSample({ only: 'platform/registration/bad-credentials', partial: true, target: 'staging' });
  const at = '2026-01-01T00:00:00.000Z';
  const environment = { ...report.environment, startedAt: at, endedAt: at };
  const real = { ...report, environment, subject: { ...report.subject, kind: 'platform' as const, administrator: 'alicloud' as const } };
  expect(real.result.zh.headline).toMatch(/^staging 对 /);
  const chinese = chineseOf(renderHtml(real, evidence));
  expect(chinese.join('\n')).toContain('staging');
  expect(chinese.filter((text) => /仿真|内置|embedded|stub/.test(text))).toEqual([]);
});

test('the embedded stub and the reference device in Chinese', async () => {
  const { report, evidence } = await runSample({ only: 'platform/registration/bad-credentials', partial: true });
  expect(report.result.headline).toMatch(/^the embedded stub is /);
  expect(report.result.zh.headline).toMatch(/^内置仿真平台 对 /);
  const html = renderHtml(report, evidence);
  expect(html).toContain('<b><span lang="en">the embedded stub</span><span lang="zh-CN">内置仿真平台</span></b>');
  const firmware = await runSample({ direction: 'firmware', target: 'the reference device' });
  expect(firmware.report.result.zh.headline).toMatch(/^参考设备 对 /);
});

test('a fleet at either', () => {
  const zh = (target: string): string => makeLoadReport(FIGURES, { ...OPTIONS, target }).result.zh.headline;
  expect(zh('staging')).toMatch(/^staging：/);
  expect(zh('the embedded stub')).toMatch(/^内置仿真平台：/);
});

/** What a page says in Chinese: the sentences beside the English ones, and the words that its script puts in their place. */
function chineseOf(html: string): string[] {
  const sentences = [...html.matchAll(/<span lang="zh-CN">([^]*?)<\/span>/g)].map(([, text = '']) => text);
  const words = [...html.matchAll(/ data-w="([^"]+)"/g)].map(([, key = '']) => (zhCN as Readonly<Record<string, string>>)[key] ?? key);
  return [...sentences, ...words];
}
