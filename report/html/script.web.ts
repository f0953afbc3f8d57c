// The script inside report.html: language, filter, opening what a link leads to, printing. It is put into the file as it stands here, so it
// is JavaScript that TypeScript checks: no type may be written, and what is read or collected without one is `any`.
/* eslint-disable @typescript-eslint/no-unsafe-assignment, @typescript-eslint/no-unsafe-call, @typescript-eslint/no-unsafe-member-access */
'use strict';
{
  const page = document.documentElement;
  const words = JSON.parse(document.getElementById('words')?.textContent ?? '{}');
  const find = document.getElementById('find');
  const verdict = document.getElementById('verdict');
  const shown = document.querySelector('#shown > :last-child');
  const none = document.getElementById('none');
  const items = [...document.querySelectorAll('[data-find]')];
  const cases = [...document.querySelectorAll('details.case')];
  const texts = new Map();
  const title = document.title;

  const speak = (language = 'en') => {
    page.lang = language;
    for (const one of document.querySelectorAll('[data-w]')) one.textContent = words[language][one.getAttribute('data-w') ?? ''];
    for (const one of document.querySelectorAll('[data-language]')) {
      one.setAttribute('aria-pressed', String(one.getAttribute('data-language') === language));
    }
    document.title = language === 'en' ? title : (document.querySelector(`h1 [lang="${language}"]`)?.textContent ?? title);
  };

  const filter = () => {
    const wanted = find instanceof HTMLInputElement ? find.value.trim().toLowerCase().split(/\s+/) : [];
    const kind = verdict instanceof HTMLSelectElement ? verdict.value : '';
    let count = 0;
    for (const one of items) {
      const is = one.getAttribute('data-find') ?? '';
      const fits = kind === '' || (kind === 'bad' ? is !== 'pass' && is !== 'not_applicable' : is === kind);
      // Read once, when first asked: a report has megabytes of text.
      if (fits && wanted[0] !== '' && !texts.has(one)) texts.set(one, (one.textContent ?? '').toLowerCase());
      const matches = fits && wanted.every((part) => part === '' || texts.get(one).includes(part));
      one.toggleAttribute('hidden', !matches);
      if (matches) count += 1;
    }
    if (shown) shown.textContent = `${count} / ${items.length}`;
    none?.toggleAttribute('hidden', count > 0);
  };

  // A link leads into what is closed or filtered away.
  const reveal = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    const outer = target.closest('[data-find]');
    if (outer?.hasAttribute('hidden')) {
      if (find instanceof HTMLInputElement) find.value = '';
      if (verdict instanceof HTMLSelectElement) verdict.value = '';
      filter();
    }
    for (let one = target.closest('details'); one; one = one.parentElement?.closest('details') ?? null) one.open = true;
    target.scrollIntoView();
  };

  const openAll = (open = true) => {
    for (const one of cases) if (one instanceof HTMLDetailsElement) one.open = open;
  };

  let openedToPrint = [page].slice(1).map((one) => one.firstElementChild ?? one);
  addEventListener('beforeprint', () => {
    openedToPrint = [...document.querySelectorAll('details:not([open])')];
    for (const one of openedToPrint) one.setAttribute('open', '');
  });
  addEventListener('afterprint', () => {
    for (const one of openedToPrint) one.removeAttribute('open');
  });

  find?.addEventListener('input', filter);
  verdict?.addEventListener('change', filter);
  document.getElementById('open')?.addEventListener('click', () => openAll(true));
  document.getElementById('close')?.addEventListener('click', () => openAll(false));
  for (const one of document.querySelectorAll('[data-language]')) {
    one.addEventListener('click', () => speak(one.getAttribute('data-language') ?? 'en'));
  }
  document.getElementById('controls')?.addEventListener('submit', (event) => event.preventDefault());
  addEventListener('hashchange', reveal);
  // The same link once more changes no hash.
  document.addEventListener('click', (event) => {
    const link = event.target instanceof Element ? event.target.closest('a[href^="#"]') : null;
    if (link?.getAttribute('href') === location.hash) reveal();
  });

  if (navigator.language.toLowerCase().startsWith('zh')) speak('zh-CN');
  filter();
  document.getElementById('controls')?.removeAttribute('hidden');
  if (location.hash !== '') reveal();
}
