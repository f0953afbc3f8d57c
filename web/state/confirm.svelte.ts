// One question before something is done that cannot be taken back, or that devices will feel.
interface Question {
  readonly title: string;
  /** What it does, in one or two sentences. */
  readonly text: string;
  /** What the button says. */
  readonly label: string;
  readonly danger?: boolean;
  /** Does it; what was wrong as one line, or undefined. */
  readonly run: () => Promise<string | undefined>;
}

class Confirmation {
  asked: Question | null = $state.raw(null);

  ask(question: Question): void {
    this.asked = question;
  }

  close(): void {
    this.asked = null;
  }
}

export const confirmation = new Confirmation();
