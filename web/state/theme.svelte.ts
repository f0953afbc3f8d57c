// Light or dark: as the system says, unless the user says otherwise. Only this choice is remembered.
export type Theme = 'auto' | 'light' | 'dark';

export const THEMES: readonly Theme[] = ['auto', 'light', 'dark'];
const STORED = 'muster.theme';
const system = matchMedia('(prefers-color-scheme: dark)');

/** Storage may be forbidden; then nothing is remembered. */
function remembered(): Theme {
  try {
    const stored = localStorage.getItem(STORED);
    return THEMES.find((one) => one === stored) ?? 'auto';
  } catch {
    return 'auto';
  }
}

class ThemeChoice {
  chosen: Theme = $state(remembered());
  #systemDark = $state(system.matches);
  readonly dark = $derived(this.chosen === 'auto' ? this.#systemDark : this.chosen === 'dark');

  constructor() {
    system.addEventListener('change', ({ matches }) => {
      this.#systemDark = matches;
    });
    this.#apply();
  }

  choose(theme: Theme): void {
    this.chosen = theme;
    this.#apply();
    try {
      localStorage.setItem(STORED, theme);
    } catch {
      // Not remembered, then.
    }
  }

  #apply(): void {
    if (this.chosen === 'auto') delete document.documentElement.dataset['theme'];
    else document.documentElement.dataset['theme'] = this.chosen;
  }
}

export const theme = new ThemeChoice();
