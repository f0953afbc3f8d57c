// What every HTML report is made of: one file that needs nothing else, with its words in both languages and its script and style by digest.
import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { en } from '../words.en.ts';
import { zhCN } from '../words.zh-CN.ts';
import { Markup, markup, type Part } from './markup.ts';
import { say, word } from './say.ts';
import script from './script.web.ts?raw';
import diagram from './diagram.css?raw';
import general from './style.css?raw';

/** The diagrams' style is the page's too; what is only of the file comes after it. */
const style = `${diagram}\n${general}`;

interface Page {
  /** What it is about: a sentence with a name in it. */
  readonly title: readonly [key: 'doc.title' | 'load.title', name: string];
  /** What only the script can do; shown by it. */
  readonly controls: Part;
  /** Items of the list of sections. */
  readonly nav: readonly Markup[];
  readonly main: readonly Part[];
  readonly foot: Part;
}

/** The whole file. */
export function document({ title: [key, name], controls, nav, main, foot }: Page): string {
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy()}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<title>${en[key].replace('{name}', () => name)}</title>
<style>${new Markup(style)}</style>
</head>
<body>
<a class="skip" href="#result">${word('doc.skip')}</a>
<header id="top"><h1>${say(key, { name })}</h1>${controls}</header>
<nav aria-labelledby="nav-h"><p id="nav-h" class="hide">${word('nav.sections')}</p><ul>${nav}</ul></nav>
<main>
${main}
</main>
<footer><p>${foot} <a href="#top">${word('doc.top')}</a></p></footer>
<script type="application/json" id="words">${new Markup(wordsJson())}</script>
<script>${new Markup(script)}</script>
</body>
</html>
`.text;
}

/** The buttons that choose the language. */
export function tongues(): Markup {
  return markup`<span class="tongues" role="group" aria-labelledby="tongues-h"><span id="tongues-h" class="hide">${word('find.language')}</span><button type="button" lang="en" class="only" data-language="en" aria-pressed="true">English</button><button type="button" lang="zh-CN" class="only" data-language="zh-CN" aria-pressed="false">简体中文</button></span>`;
}

/** Only the script and the style of this file, and no connection to anywhere. */
function policy(): string {
  return `default-src 'none'; script-src '${hashOf(script)}'; style-src '${hashOf(style)}'; base-uri 'none'; form-action 'none'`;
}

function hashOf(text: string): string {
  return `sha256-${btoa(String.fromCharCode(...sha256(utf8ToBytes(text))))}`;
}

/** In a script element `<` could end it. */
function wordsJson(): string {
  return JSON.stringify({ en, 'zh-CN': zhCN }).replaceAll('<', String.raw`\u003c`);
}
