// What of the platform's two logs is shown. The platform filters; this is the question.
import type { LogBookName, LogType } from '../../platform-stub/core/log.ts';

/** Entries that are shown, and how many come on top when more are wanted. */
const STEP = 100;
/** What the platform keeps in each book. */
const ALL = 10_000;

/** Types of each book. */
export const TYPES: Readonly<Record<LogBookName, readonly LogType[]>> = {
  platform: ['device', 'uplink', 'downlink'],
  audit: ['registration', 'operator'],
};

class LogView {
  book: LogBookName = $state('platform');
  type: LogType | '' = $state('');
  deviceName = $state('');
  code = $state('');
  search = $state('');
  limit = $state(STEP);
  paused = $state(false);

  readonly codeIsWrong = $derived(this.code.trim() !== '' && !/^\d{1,6}$/.test(this.code.trim()));
  readonly question = $derived({
    action: 'QueryLog' as const,
    book: this.book,
    limit: this.limit,
    ...(this.type === '' ? {} : { type: this.type }),
    ...(this.deviceName.trim() === '' ? {} : { deviceName: this.deviceName.trim() }),
    ...(this.code.trim() === '' || this.codeIsWrong ? {} : { code: Number(this.code.trim()) }),
    ...(this.search.trim() === '' ? {} : { search: this.search.trim() }),
  });
  readonly filtered = $derived(this.type !== '' || this.deviceName.trim() !== '' || this.code.trim() !== '' || this.search.trim() !== '');

  turnTo(book: LogBookName): void {
    this.book = book;
    this.type = '';
    this.limit = STEP;
  }

  /** Entries of one device, of both books. */
  only(deviceName: string): void {
    this.clear();
    this.deviceName = deviceName;
  }

  clear(): void {
    this.type = '';
    this.deviceName = '';
    this.code = '';
    this.search = '';
    this.limit = STEP;
  }

  more(): void {
    this.limit = Math.min(ALL, this.limit + STEP);
  }

  /** The same question, for all that is kept. */
  get whole(): typeof this.question {
    return { ...this.question, limit: ALL };
  }
}

export const logView = new LogView();
