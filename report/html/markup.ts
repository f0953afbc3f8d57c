// HTML that cannot be forgotten to be escaped: whatever is put into a template is text, unless it is Markup already.

/** Characters that mean something in HTML, or that would be shown as something that they are not. */
// eslint-disable-next-line no-control-regex
const SPECIAL = /[&<>"'`]|[\0-\x08\x0b-\x1f\x7f-\x9f]|[\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]|\p{Cs}/gu;

const NAMED: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '`': '&#96;',
};

/**
 * Text as HTML shows it, in content and in quoted attributes. Control characters, invisible ones and those that turn the direction of
 * text are shown by number: a report quotes what strangers sent, and it must not be laid out by them.
 */
export function escapeText(text: string): string {
  return text.replace(SPECIAL, (one) => NAMED[one] ?? `[U+${(one.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}]`);
}

/** HTML that is safe to put into a page as it is. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toString(): string {
    return this.text;
  }
}

export type Part = Markup | string | number | boolean | null | undefined | readonly Part[];

/** A template of HTML; null, undefined and false are nothing. */
export function markup(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  let text = strings[0] ?? '';
  parts.forEach((part, i) => {
    text += render(part) + (strings[i + 1] ?? '');
  });
  return new Markup(text);
}

function render(part: Part): string {
  if (part instanceof Markup) return part.text;
  if (part === null || part === undefined || part === false) return '';
  if (Array.isArray(part)) return (part as readonly Part[]).map(render).join('');
  return escapeText(String(part));
}

/** Parts one after the other, something between them. */
export function joined(parts: readonly Part[], between: Part): Markup {
  return markup`${parts.map((part, i) => (i === 0 ? part : [between, part]))}`;
}

/** A name for `id` and `#…`, different for different parts, of letters that need no escaping anywhere. */
export function anchor(kind: string, ...names: readonly string[]): string {
  const safe = names.map((name) => name.replace(/[^\w./-]/gu, (one) => `~${(one.codePointAt(0) ?? 0).toString(16)}~`));
  return [kind, safe.join(':')].join('-');
}
