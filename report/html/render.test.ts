// The HTML file as text: nothing gets out of its place, nothing is loaded, every link leads somewhere, both languages are whole.
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CODE_MEANINGS, CONNACK } from '../../protocol/codes.ts';
import { en } from '../words.en.ts';
import { CODES_ZH, CONNACK_ZH, zhCN } from '../words.zh-CN.ts';
import { commandOf } from './command.ts';
import { anchor, escapeText, markup } from './markup.ts';
import { renderHtml } from './render.ts';
import { busyCase, fullReport, reportOf } from './sample.testkit.ts';

const HOSTILE = '</script><img src=x onerror="alert(1)"> \' --> ]]> ${1} \u202etxt\u0000';

const idsOf = (text: string): string[] => [...text.matchAll(/\sid="([^"]*)"/g)].map((match) => match[1]!);
const tagsOf = (text: string): Set<string> => new Set([...text.matchAll(/<([a-z]\w*)/gi)].map((match) => match[1]!));

describe('escaping', () => {
  it('leaves nothing that means something, and loses no letter', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const escaped = escapeText(text);
        expect(escaped).not.toMatch(/[<>"'`]|&(?!amp;|lt;|gt;|quot;|#39;|#96;)/);
        // eslint-disable-next-line no-control-regex
        expect(escaped).not.toMatch(/[\0-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/);
        const back = escaped
          .replace(/\[U\+([0-9A-F]{4,6})\]/g, (_, code: string) => String.fromCodePoint(parseInt(code, 16)))
          .replace(
            /&(amp|lt|gt|quot|#39|#96);/g,
            (_, name: string) => ({ amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'", '#96': '`' })[name]!,
          );
        if (!text.includes('[U+')) expect(back).toBe(text);
      }),
    );
  });

  it('shows a lone surrogate by its number', () => expect(escapeText('a\ud800b')).toBe('a[U+D800]b'));

  it('applies to whatever is put into a template, and to nothing twice', () => {
    const inner = markup`<b>${'<i>'}</b>`;
    expect(markup`<p title="${'"'}">${inner}${['&', undefined, null, false, 0]}</p>`.text).toBe(
      '<p title="&quot;"><b>&lt;i&gt;</b>&amp;0</p>',
    );
  });

  it('makes names of safe letters, different ones of different names', () => {
    const names = fc.array(fc.string({ unit: fc.constantFrom('a', '-', ':', '~', '3', ' ', '/', '"', '\u4e2d') }), {
      minLength: 1,
      maxLength: 3,
    });
    fc.assert(
      fc.property(names, names, (a, b) => {
        expect(anchor('x', ...a)).toMatch(/^[\w./:~-]+$/);
        expect(anchor('x', ...a) === anchor('x', ...b)).toBe(JSON.stringify(a) === JSON.stringify(b));
      }),
    );
  });
});

describe('the file', () => {
  const { report, evidence } = fullReport(HOSTILE);
  const text = renderHtml(report, evidence);
  const tame = fullReport('plain');
  const plain = renderHtml(tame.report, tame.evidence);

  it('has the same elements whatever strangers wrote', () => {
    expect(tagsOf(text)).toEqual(tagsOf(plain));
    expect(text.match(/<script/g)).toHaveLength(2);
    expect(text.match(/<\/script/g)).toHaveLength(2);
    expect(text).not.toContain('<img');
    expect(text).toContain('&lt;/script&gt;&lt;img src=x onerror=&quot;alert(1)&quot;&gt;');
    expect(text).toContain('[U+202E]txt[U+0000]');
  });

  it('is the same for any text', () => {
    const count = (html: string): number => html.match(/<[a-z/]/gi)!.length;
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }), (foreign) => {
        const { report: odd, evidence: spans } = fullReport(foreign);
        expect(count(renderHtml(odd, spans))).toBe(count(plain));
      }),
      { numRuns: 60 },
    );
  });

  it('allows its own script and style, and no connection', () => {
    const policy = /Content-Security-Policy" content="([^"]*)"/.exec(text)![1]!.replaceAll('&#39;', "'");
    const hash = (tag: string): string => {
      const body = new RegExp(`<${tag}>([^]*?)</${tag}>`).exec(text)![1]!;
      return `'sha256-${createHash('sha256').update(body).digest('base64')}'`;
    };
    expect(policy).toBe(
      `default-src 'none'; script-src ${hash('script')}; style-src ${hash('style')}; base-uri 'none'; form-action 'none'`,
    );
    expect(text).not.toMatch(/<[^>]*\s(src|action|style|on\w+)=/);
    expect(text).not.toMatch(/<link|@import|url\(/);
  });

  it('links to what is there, by names that are there once', () => {
    const ids = idsOf(text);
    expect(new Set(ids).size).toBe(ids.length);
    const links = [...text.matchAll(/href="([^"]*)"/g)].map((match) => match[1]!);
    expect(links.length).toBeGreaterThan(40);
    expect(links.filter((link) => !link.startsWith('#') || !ids.includes(link.slice(1)))).toEqual([]);
  });

  it('has no heading that skips a level', () => {
    const levels = [...text.matchAll(/<h([1-6])/g)].map((match) => Number(match[1]));
    expect(levels[0]).toBe(1);
    levels.forEach((level, i) => expect(level).toBeLessThanOrEqual((levels[i - 1] ?? 0) + 1));
  });

  it('says what is missing behind a verdict, and links what is there', () => {
    expect(plain).toContain('missing: the control was not accepted');
    expect(plain).toContain('never recorded (<span data-w="check.missing">missing</span>)');
    expect(plain).toMatch(/<a href="#span-platform\/plain:plain">plain<\/a>/);
  });

  it('says in both languages what the report says in both', () => {
    expect(plain).toContain('<span lang="en">en plain</span><span lang="zh-CN">zh plain</span>');
    expect(plain).toContain('<span lang="en" class="only">plain</span>');
  });
});

describe('the command that repeats a run', () => {
  const report = reportOf([]);
  it('is as short as its defaults allow', () => expect(commandOf(report)).toBe('muster verify platform'));
  it('names what was set, quoted for a shell', () => {
    const odd = { ...report, seed: "it's", namespace: '7', subject: { ...report.subject, mutant: 'cap-4' } };
    expect(commandOf(odd, 'platform/a/b')).toBe(
      String.raw`muster verify platform --case platform/a/b --mutant cap-4 --seed 'it'\''s' --namespace 7`,
    );
  });
  it('repeats what was asked for: the target as it was named, the selection, own cases', () => {
    const remote = { ...report, subject: { ...report.subject, kind: 'platform' as const, name: 'staging' } };
    const asked = {
      target: './my targets/staging.yaml',
      case: 'platform/nwl/*',
      cases: 'own',
      allowDestructive: true,
      timeout: 5,
      session: 'lean' as const,
    };
    expect(commandOf({ ...remote, asked })).toBe(
      "muster verify platform --target './my targets/staging.yaml' --profile prereg --case 'platform/nwl/*' --cases own --allow-destructive --timeout 5 --session lean",
    );
    expect(commandOf({ ...remote, asked: { target: 'mqtts://host:8883', productKey: 'a1b2', ca: 'ca.pem' } }, 'platform/a/b')).toBe(
      'muster verify platform --target mqtts://host:8883 --product-key a1b2 --ca ca.pem --profile prereg --case platform/a/b',
    );
  });
  it('leaves a namespace that was used to be drawn anew at a target', () => {
    const remote = { ...report, namespace: 'used', subject: { ...report.subject, kind: 'platform' as const, name: 'my target' } };
    expect(commandOf(remote)).toBe("muster verify platform --target 'my target' --profile prereg");
  });
});

describe('a large report', () => {
  it('draws 150 events of a case and says how many more there are', () => {
    const { result, stored } = busyCase('platform/busy', 1_000);
    const text = renderHtml(reportOf([result]), [stored]);
    expect(text.match(/<details class="e">/g)).toHaveLength(150);
    expect(text).toContain('Not drawn: 850 more events of 1 steps.');
  });

  it('stays below 4 MB, and keeps what failed longest', () => {
    const cases = Array.from({ length: 40 }, (_, i) => busyCase(`platform/busy-${i}`, 150, 500));
    const failed = { ...cases[7]!.result, verdict: 'fail' as const };
    const report = reportOf(cases.map(({ result }, i) => (i === 7 ? failed : result)));
    const text = renderHtml(
      report,
      cases.map(({ stored }) => stored),
    );
    expect(Buffer.byteLength(text)).toBeLessThan(4_000_000);
    const drawn = text
      .split('<details class="case"')
      .slice(1)
      .map((one) => one.split('<details class="e">').length - 1);
    expect(drawn[7]).toBe(150);
    expect(drawn[8]).toBeLessThan(100);
    expect(drawn[8]).toBeGreaterThan(5);
  });

  it('stays below 4 MB even where everything failed', () => {
    const cases = Array.from({ length: 40 }, (_, i) => busyCase(`platform/busy-${i}`, 150, 500));
    const report = reportOf(cases.map(({ result }) => ({ ...result, verdict: 'fail' as const })));
    const text = renderHtml(
      report,
      cases.map(({ stored }) => stored),
    );
    expect(Buffer.byteLength(text)).toBeLessThan(4_000_000);
    expect(text).toContain('<details class="e">');
  });
});

describe('words', () => {
  it('have the same places in both languages', () => {
    const places = (text: string): string[] => [...text.matchAll(/\{\w+\}/g)].map(String).sort();
    for (const key of Object.keys(en) as (keyof typeof en)[]) expect([key, places(zhCN[key])]).toEqual([key, places(en[key])]);
  });

  it('name every code of the platform', () => {
    expect(Object.keys(CODES_ZH)).toEqual(Object.keys(CODE_MEANINGS));
    expect(Object.keys(CONNACK_ZH).map(Number)).toEqual(Object.values(CONNACK));
  });
});
