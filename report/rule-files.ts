// Where a rule stands in the catalogue: the file, the line, and the group that the file makes of its rules.
const FILES = import.meta.glob<string>('../scenarios/rules/{platform,firmware}/*.yaml', { query: '?raw', import: 'default', eager: true });

export interface RulePlace {
  /** From the root of the project. */
  readonly file: string;
  readonly line: number;
  /** `platform.nwl` */
  readonly group: string;
}

const PLACES: ReadonlyMap<string, RulePlace> = new Map(
  Object.entries(FILES).flatMap(([path, yaml]) => {
    const file = path.replace(/^(\.\.\/)+/, '');
    const group = file
      .split('/')
      .slice(-2)
      .join('.')
      .replace(/\.yaml$/, '');
    return yaml.split('\n').flatMap((text, at): [string, RulePlace][] => {
      const id = /^- id: (\S+)/.exec(text)?.[1];
      return id === undefined ? [] : [[id, { file, line: at + 1, group }]];
    });
  }),
);

/** Undefined where the catalogue has no such rule, as of a case that the user brought along. */
export function placeOf(rule: string): RulePlace | undefined {
  return PLACES.get(rule);
}
