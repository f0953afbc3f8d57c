// What the operations of the cloud API share: reading parameters, pages, times, and how a call is refused.
// Not here: signatures and HTTP (cloud-api.ts).
import type { CloudParameter } from '../../protocol/cloud-sign.ts';

/**
 * Ends a call. Status 200 is the platform's own answer (`iot.…` codes), any other the gateway's, which both vendor clients throw for.
 * The message never repeats a value that may be a secret.
 */
export class CloudRefusal extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.name = 'CloudRefusal';
    this.status = status;
    this.code = code;
  }
}

/** The platform refuses (section 6.4). */
export function refusal(code: string, message: string): CloudRefusal {
  return new CloudRefusal(200, code, message);
}

/** The gateway refuses a call that lacks a parameter. */
export function missing(name: string): CloudRefusal {
  return new CloudRefusal(400, 'MissingParameter', `The parameter "${name}" is mandatory for this call and not there.`);
}

export const INVALID_FORMAT = 'iot.common.InvalidFormattedParameter';
const INVALID_PAGE = 'iot.common.InvalidPageParams';

/** The parameters of one call; an empty value counts as none. */
export class CloudParameters {
  readonly #values: ReadonlyMap<string, string>;

  constructor(parameters: Iterable<CloudParameter>) {
    this.#values = new Map(parameters);
  }

  text(name: string): string | undefined {
    const value = this.#values.get(name);
    return value === '' ? undefined : value;
  }

  required(name: string): string {
    const value = this.text(name);
    if (value === undefined) throw missing(name);
    return value;
  }

  /** A whole number, or `code` for what is none. */
  whole(name: string, code: string = INVALID_FORMAT): number | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const number = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
    if (Number.isNaN(number)) throw refusal(code, `${name} is not a whole number.`);
    return number;
  }

  /** `name.1`, `name.2`, … in the order of their numbers. */
  list(name: string): string[] {
    return this.#numbered(name, '').map(([, value]) => value);
  }

  /** `name.1.field`, `name.2.field`, …: one record a number. */
  records(name: string): ReadonlyMap<string, string>[] {
    const records = new Map<number, Map<string, string>>();
    for (const [index, value, field] of this.#numbered(name, '\\.(\\w+)')) {
      const record = records.get(index) ?? new Map<string, string>();
      records.set(index, record.set(field, value));
    }
    return [...records.values()];
  }

  #numbered(name: string, rest: string): [index: number, value: string, field: string][] {
    const pattern = new RegExp(`^${name}\\.(\\d{1,6})${rest}$`);
    const found: [number, string, string][] = [];
    for (const [key, value] of this.#values) {
      const match = pattern.exec(key);
      if (match) found.push([Number(match[1]), value, match[2] ?? '']);
    }
    return found.sort(([a], [b]) => a - b);
  }
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly page: number;
  readonly fields: { readonly PageCount: number; readonly PageSize: number; readonly Total: number };
}

/** What CurrentPage and PageSize ask for. Both may be left out; sizes above `max` are refused, not cut. */
export function pageParameters(parameters: CloudParameters, max: number): { readonly page: number; readonly size: number } {
  const page = parameters.whole('CurrentPage', INVALID_PAGE) ?? 1;
  const size = parameters.whole('PageSize', INVALID_PAGE) ?? 10;
  if (page < 1 || size < 1 || size > max) throw refusal(INVALID_PAGE, `CurrentPage counts from 1, and PageSize is 1 to ${max}.`);
  return { page, size };
}

/** One page of `all`. */
export function pageOf<T>(all: readonly T[], parameters: CloudParameters, max: number): Page<T> {
  const { page, size } = pageParameters(parameters, max);
  return { items: all.slice((page - 1) * size, page * size), page, fields: pageFields(all.length, size) };
}

export function pageFields(total: number, size: number): Page<never>['fields'] {
  return { PageCount: Math.ceil(total / size), PageSize: size, Total: total };
}

/** The position that a NextToken holds; undefined where there is no token. */
export function readToken(parameters: CloudParameters): number | undefined {
  const token = parameters.text('NextToken');
  if (token === undefined) return undefined;
  const position = /^at([0-9a-z]{1,10})$/.exec(token)?.[1];
  if (position === undefined) throw refusal(INVALID_PAGE, 'The NextToken is none that this platform gave.');
  return Number.parseInt(position, 36);
}

export function writeToken(position: number): string {
  return `at${position.toString(36)}`;
}

const CHINA_MS = 8 * 60 * 60 * 1000;

/** A time as fields `Utc…` have it; empty for what has not happened. */
export function utcTime(ms: number | undefined): string {
  return ms === undefined ? '' : new Date(ms).toISOString();
}

/** A time as fields `Gmt…` have it: in spite of the name, Chinese time without a zone (S13). */
export function gmtTime(ms: number | undefined): string {
  return ms === undefined ? '' : new Date(ms + CHINA_MS).toISOString().slice(0, 19).replace('T', ' ');
}
