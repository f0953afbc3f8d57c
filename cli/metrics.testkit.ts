// A strict reader of OpenMetrics 1.0 text, written from the specification and not from the writer: what breaks a rule throws.

export interface Family {
  readonly name: string;
  readonly type: string;
  readonly unit: string;
  readonly samples: { readonly name: string; readonly labels: Readonly<Record<string, string>>; readonly value: number }[];
}

const SUFFIXES: Readonly<Record<string, readonly string[]>> = {
  counter: ['_total', '_created'],
  gauge: [''],
  histogram: ['_bucket', '_count', '_sum', '_created'],
  info: ['_info'],
};
const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LABEL = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\n"])*)"(,|$)/;
const NUMBER = /^[+-]?(\d+(\.\d+)?([eE][+-]?\d+)?|Inf|NaN)$/;

function labelsOf(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  for (let rest = text; rest !== '';) {
    const found = LABEL.exec(rest);
    if (!found) throw new Error(`no label: ${rest}`);
    const [whole, name = '', value = ''] = found;
    if (name in labels) throw new Error(`a label twice: ${name}`);
    labels[name] = value.replace(/\\(.)/g, (_, char: string) => (char === 'n' ? '\n' : char));
    rest = rest.slice(whole.length);
  }
  return labels;
}

export function readOpenMetrics(text: string): Map<string, Family> {
  if (!text.endsWith('\n# EOF\n')) throw new Error('no # EOF at the end');
  const families = new Map<string, Family>();
  const seen = new Set<string>();
  let current: { name: string; type: string; unit: string; samples: Family['samples'] } | undefined;
  const open = (name: string): NonNullable<typeof current> => {
    if (current?.name === name) return current;
    if (families.has(name)) throw new Error(`family ${name} is not in one piece`);
    if (!NAME.test(name)) throw new Error(`no name of a family: ${name}`);
    current = { name, type: 'unknown', unit: '', samples: [] };
    families.set(name, current);
    return current;
  };
  for (const line of text.slice(0, -'# EOF\n'.length).split('\n').slice(0, -1)) {
    const meta = /^# (TYPE|UNIT|HELP) (\S+) (.*)$/.exec(line);
    if (meta) {
      const [, what = '', name = '', value = ''] = meta;
      const family = open(name);
      if (family.samples.length > 0) throw new Error(`${what} of ${name} after its samples`);
      if (what === 'TYPE') family.type = value;
      if (what === 'UNIT') family.unit = value;
      if (what === 'UNIT' && !name.endsWith(`_${value}`)) throw new Error(`${name} does not end in its unit ${value}`);
      continue;
    }
    const sample = /^([^\s{]+)(?:\{(.*)\})? (\S+)$/.exec(line);
    if (!sample || !current) throw new Error(`no line of OpenMetrics: ${line}`);
    const [, name = '', labelText = '', value = ''] = sample;
    if (!NUMBER.test(value)) throw new Error(`no number: ${value}`);
    const suffix = name.startsWith(current.name) ? name.slice(current.name.length) : undefined;
    if (suffix === undefined || !SUFFIXES[current.type]?.includes(suffix))
      throw new Error(`${name} is no sample of ${current.type} ${current.name}`);
    if (current.type === 'counter' && Number(value) < 0) throw new Error(`a counter below 0: ${line}`);
    const key = `${name}{${labelText}}`;
    if (seen.has(key)) throw new Error(`a sample twice: ${key}`);
    seen.add(key);
    current.samples.push({ name, labels: labelsOf(labelText), value: Number(value) });
  }
  for (const family of families.values()) if (family.type === 'histogram') checkHistogram(family);
  return families;
}

/** Buckets rise in bound and in count, the last is +Inf and equals the count. */
function checkHistogram({ name, samples }: Family): void {
  const groups = new Map<string, Family['samples']>();
  for (const sample of samples) {
    const key = JSON.stringify(Object.entries(sample.labels).filter(([label]) => label !== 'le'));
    groups.set(key, [...(groups.get(key) ?? []), sample]);
  }
  for (const [key, group] of groups) {
    const buckets = group.filter((one) => one.name === `${name}_bucket`);
    const bounds = buckets.map(({ labels }) => {
      const le = labels['le'] ?? '';
      if (!/^(\d+\.\d+|\+Inf)$/.test(le)) throw new Error(`${name}${key}: le ${le} is not canonical`);
      return le === '+Inf' ? Infinity : Number(le);
    });
    buckets.forEach(({ value }, i) => {
      if (i > 0 && !(bounds[i]! > bounds[i - 1]! && value >= buckets[i - 1]!.value)) throw new Error(`${name}${key}: buckets do not rise`);
    });
    const count = group.find((one) => one.name === `${name}_count`)?.value;
    if (bounds.at(-1) !== Infinity || buckets.at(-1)?.value !== count) throw new Error(`${name}${key}: +Inf is not the count`);
    if (!group.some((one) => one.name === `${name}_sum`)) throw new Error(`${name}${key}: no sum`);
  }
}
