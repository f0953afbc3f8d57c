// What a stub is to serve: the config file of `muster stub` (design, section 7), and what it means when there is none.
// Not here: where it listens by default (listen.node.ts).
import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { LineCounter, parseDocument, type Document } from 'yaml';
import { codeOf, messageOf, UserError } from '../../kernel/errors.ts';
import { EDITIONS, isEditionName, type EditionName } from '../../protocol/editions.ts';
import { isDeviceName, isProductKey } from '../../protocol/names.ts';
import { OPTION_NAMES, OPTIONS, type Options } from '../core/options.ts';
import { DEVICE_SECRET } from '../front/operator.ts';
import type { StubPorts } from './listen.node.ts';

export interface DeviceConfig {
  readonly deviceName: string;
  readonly deviceSecret?: string;
}

export interface ProductConfig {
  readonly productKey: string;
  readonly productSecret: string;
  readonly dynamicRegistration: boolean;
  readonly devices: readonly DeviceConfig[];
}

export interface StubConfig {
  readonly products: readonly ProductConfig[];
  readonly accessKeys: readonly { readonly id: string; readonly secret: string }[];
  /** Only those that were given; 0 is any free port. */
  readonly ports: Partial<StubPorts>;
  readonly edition?: EditionName;
  /** What the documents leave open (core/options.ts). */
  readonly options?: Partial<Options>;
  readonly instanceId?: string;
  /** Connections that the device ports take. */
  readonly capacity?: number;
}

/** Served without a config file. */
export const DEFAULT_CONFIG: StubConfig = {
  products: [{ productKey: 'a1Muster0001', productSecret: 'ps0123456789abcd', dynamicRegistration: true, devices: [] }],
  accessKeys: [],
  ports: {},
};

/** A message is what is wrong and what to do about it; values are never repeated, since some are secrets. */
const SEPARATOR = ' | ';
const says = (what: string, remedy: string): string => what + SEPARATOR + remedy;

const NUMBER_TRAP = says('is not text', 'put the value in quotes');
const text = v.string(NUMBER_TRAP);
const SECRET_RULE = says('has an illegal character or length', 'a secret has 1 to 63 letters, digits or _ . : + / = -');
const secret = v.pipe(text, v.regex(DEVICE_SECRET, SECRET_RULE));
const productKey = v.pipe(text, v.check(isProductKey, says('is no ProductKey', 'a ProductKey has 1 to 20 letters or digits')));
const deviceName = v.pipe(text, v.check(isDeviceName, says('is no DeviceName', 'a DeviceName has 4 to 32 letters, digits or - _ . @ :')));
const PORT_RULE = says('is no port', 'a port is a whole number from 0 (any free one) to 65535');
const port = v.exactOptional(v.pipe(v.number(PORT_RULE), v.integer(PORT_RULE), v.minValue(0, PORT_RULE), v.maxValue(65_535, PORT_RULE)));

/** Each option with its values; what they mean is said where they are defined. */
const OPTIONS_RULE = Object.fromEntries(
  OPTION_NAMES.map((name) => {
    const { values, says: meaning } = OPTIONS[name];
    const rule = says('has no such value', `write one of ${values.map((one) => `"${one}"`).join(', ')}`);
    return [name, v.exactOptional(v.pipe(v.picklist(values, rule), v.description(meaning)))];
  }),
);

const DEVICE = v.strictObject({ deviceName, deviceSecret: v.exactOptional(secret) });
const PRODUCT = v.strictObject({
  productKey,
  productSecret: secret,
  dynamicRegistration: v.optional(v.boolean(says('is neither true nor false', 'write true or false')), true),
  devices: v.optional(
    v.array(
      // Not a union: its complaint would be about all forms at once.
      v.lazy((input) =>
        typeof input === 'object' && input !== null
          ? DEVICE
          : v.pipe(
              deviceName,
              v.transform((name) => ({ deviceName: name })),
            ),
      ) as v.GenericSchema<unknown, DeviceConfig>,
      says('is not a list', 'write each device on a line of its own after "- "'),
    ),
    [],
  ),
});
const CAPACITY_RULE = says('is no number of connections', 'write a whole number from 1');
export const CONFIG = v.strictObject({
  products: v.pipe(
    v.array(PRODUCT, says('is not a list', 'write each product after "- "')),
    v.minLength(1, says('is empty', 'name at least one product')),
  ),
  accessKeys: v.optional(v.array(v.strictObject({ id: secret, secret }), says('is not a list', 'write each key after "- "')), []),
  ports: v.optional(v.strictObject({ mqtt: port, mqtts: port, ws: port, wss: port, https: port, api: port }), {}),
  options: v.exactOptional(v.strictObject(OPTIONS_RULE)),
  instanceId: v.exactOptional(text),
  capacity: v.exactOptional(v.pipe(v.number(CAPACITY_RULE), v.integer(CAPACITY_RULE), v.minValue(1, CAPACITY_RULE))),
  edition: v.exactOptional(
    v.pipe(text, v.check(isEditionName, says('is no edition', `write one of ${Object.keys(EDITIONS).join(', ')}`))) as v.GenericSchema<
      unknown,
      EditionName
    >,
  ),
});

/** Reads a config file; every mistake is a UserError that names the file, the place in it and the remedy. */
export function readStubConfig(file: string): StubConfig {
  let source: string;
  try {
    source = readFileSync(file, 'utf8');
  } catch (error) {
    if (codeOf(error) === undefined) throw error;
    throw new UserError(`config file ${file} cannot be read (${messageOf(error)})`, 'give --config a readable YAML or JSON file');
  }
  return parseStubConfig(source, file);
}

/** As `readStubConfig`, of a text; `file` is its name in complaints. */
export function parseStubConfig(source: string, file: string): StubConfig {
  const lines = new LineCounter();
  const document = parseDocument(source, { lineCounter: lines, prettyErrors: false, logLevel: 'error' });
  const [fault] = document.errors;
  if (fault) {
    const { line, col } = lines.linePos(fault.pos[0]);
    throw new UserError(`${file}: line ${line}, column ${col}: ${fault.message}`, 'mend the YAML there');
  }
  const parsed = v.safeParse(CONFIG, plain(document, file));
  if (!parsed.success) throw complaint(parsed.issues[0], file);
  const config = parsed.output as StubConfig;
  requireDistinct(config, file);
  return config;
}

/** The document as values; an alias to nothing, or to far too much, shows only here. */
function plain(document: Document.Parsed, file: string): unknown {
  try {
    return document.toJS();
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    throw new UserError(`${file}: ${error.message}`, 'mend the alias there');
  }
}

function complaint(issue: v.BaseIssue<unknown>, file: string): UserError {
  const place = placeOf(issue.path ?? []);
  const missing = issue.input === undefined;
  if (issue.type === 'strict_object') {
    const parent = placeOf((issue.path ?? []).slice(0, -1));
    if (issue.expected === 'never')
      return new UserError(
        `${file}: unknown key "${placeOf((issue.path ?? []).slice(-1))}" in ${parent}`,
        `write one of ${allowedIn(parent)}, or take it out`,
      );
    if (issue.path && missing) return new UserError(`${file}: ${place} is missing`, 'add it');
    return new UserError(`${file}: ${place} is not a list of keys and values`, 'see "muster stub --help" for an example');
  }
  const [what = issue.message, remedy = 'mend it'] = issue.message.split(SEPARATOR);
  return new UserError(`${file}: ${place} ${what}`, remedy);
}

function allowedIn(parent: string): string {
  const schema = parent.includes('.devices[')
    ? DEVICE
    : parent.startsWith('products[')
      ? PRODUCT
      : parent === 'ports'
        ? CONFIG.entries.ports.wrapped
        : parent === 'options'
          ? CONFIG.entries.options.wrapped
          : CONFIG;
  const keys = parent.startsWith('accessKeys[') ? ['id', 'secret'] : Object.keys(schema.entries);
  return keys.join(', ');
}

/** `products[0].devices[1]`. */
function placeOf(path: readonly { readonly key?: unknown }[]): string {
  let place = '';
  for (const { key } of path) place += typeof key === 'number' ? `[${key}]` : `${place === '' ? '' : '.'}${String(key)}`;
  return place === '' ? 'the file' : place;
}

function requireDistinct(config: StubConfig, file: string): void {
  const remedy = 'take one of them out';
  const once = (seen: Map<string, string>, value: string, place: string, what: string): void => {
    const first = seen.get(value);
    if (first !== undefined) throw new UserError(`${file}: ${place} repeats ${what} ${value} of ${first}`, remedy);
    seen.set(value, place);
  };
  const keys = new Map<string, string>();
  config.products.forEach((product, p) => {
    once(keys, product.productKey, `products[${p}]`, 'product');
    const names = new Map<string, string>();
    product.devices.forEach((device, d) => once(names, device.deviceName, `products[${p}].devices[${d}]`, 'DeviceName'));
  });
  const ids = new Map<string, string>();
  config.accessKeys.forEach((key, k) => once(ids, key.id, `accessKeys[${k}]`, 'id'));
  const numbers = new Map<string, string>();
  for (const [name, number] of Object.entries(config.ports)) if (number !== 0) once(numbers, String(number), `ports.${name}`, 'port');
}
