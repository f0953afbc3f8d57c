// What the page shows: the address says so (`#console`, `#suite/case/<id>`), so that a reload and the back button keep to it.
export const VIEWS = ['fleet', 'suite', 'console'] as const;
export type View = (typeof VIEWS)[number];

const CASE = '#suite/case/';

const viewOf = (hash: string): View => (hash.startsWith('#suite') ? 'suite' : hash.startsWith('#console') ? 'console' : 'fleet');
const caseOf = (hash: string): string | null => (hash.startsWith(CASE) ? decode(hash.slice(CASE.length)) : null);

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Address of a case's page. */
export const caseAddress = (id: string): string => `${CASE}${id.split('/').map(encodeURIComponent).join('/')}`;

class Shown {
  view: View = $state(viewOf(location.hash));
  /** The case whose page is shown; it may be none that we have. */
  caseId: string | null = $state(caseOf(location.hash));

  constructor() {
    addEventListener('hashchange', () => {
      // A place within the view that is shown.
      if (!/^(#(fleet|suite|console)(\/.*)?)?$/.test(location.hash)) return;
      this.view = viewOf(location.hash);
      this.caseId = caseOf(location.hash);
    });
  }
}

export const shown = new Shown();
