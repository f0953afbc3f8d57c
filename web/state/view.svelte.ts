// Which of the page's two views is shown: the address says so (`#console`), so that a reload and the back button keep to it.
export type View = 'fleet' | 'console';

const viewOf = (hash: string): View => (hash.startsWith('#console') ? 'console' : 'fleet');

class Shown {
  view: View = $state(viewOf(location.hash));

  constructor() {
    addEventListener('hashchange', () => {
      this.view = viewOf(location.hash);
    });
  }
}

export const shown = new Shown();
