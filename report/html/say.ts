// Words in two languages. Both stand in the file: fixed words as a key that the script exchanges, sentences with facts side by side.
import type { Said } from '../../scenarios/judge/verdict.ts';
import { en, type WordKey } from '../words.en.ts';
import { zhCN } from '../words.zh-CN.ts';
import { Markup, markup, type Part } from './markup.ts';

type Values = Readonly<Record<string, Part>>;

/** A fixed word. Without the script it is English. */
export function word(key: WordKey): Markup {
  return markup`<span data-w="${key}">${en[key]}</span>`;
}

/** A fixed word that is all there is in an element. */
export function element(tag: 'dt' | 'p' | 'th scope="col"', key: WordKey): Markup {
  return markup`<${new Markup(tag)} data-w="${key}">${en[key]}</${new Markup(tag.split(' ')[0] ?? tag)}>`;
}

/** A sentence with facts in it. */
export function say(key: WordKey, values: Values): Markup {
  return side(fill(en[key], values), fill(zhCN[key], values));
}

/** Text that the report has in both languages. */
export function both(said: Said): Markup {
  return said.en === said['zh-CN'] ? markup`${said.en}` : side(markup`${said.en}`, markup`${said['zh-CN']}`);
}

/** Text that exists in English only, such as a message of the system. */
export function english(text: string): Markup {
  return markup`<span lang="en" class="only">${text}</span>`;
}

function side(first: Markup, second: Markup): Markup {
  return markup`<span lang="en">${first}</span><span lang="zh-CN">${second}</span>`;
}

function fill(template: string, values: Values): Markup {
  return markup`${template.split(/(\{\w+\})/).map((part) => (/^\{\w+\}$/.test(part) ? values[part.slice(1, -1)] : part))}`;
}
