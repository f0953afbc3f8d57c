// Reads a target file. What is wrong in it is said with its file, line and column, and with the key that was meant where one is near.
import { UserError } from '../kernel/errors.ts';
import { parseTarget, SEE_TARGETS, type Target } from '../kernel/target.ts';
import { readYaml, type Place } from '../kernel/yaml.ts';
import { readText } from './files.ts';

const at = (place: Place | undefined): string => (place ? ` (line ${place.line}, column ${place.col})` : '');

/**
 * The target in a file that an option names. The file's own words are not repeated, but for its keys: it may be a secret that was named by
 * mistake. @throws UserError
 */
export function readTargetFile(path: string): Target {
  const yaml = readYaml(readText(path, '--target'));
  const remedy = `mend it: ${SEE_TARGETS}`;
  if (yaml.kind === 'aliases' && yaml.at)
    throw new UserError(
      `target file ${path} has an alias that stands for what it is itself inside of${at(yaml.at)}`,
      `write out what it stands for: ${SEE_TARGETS}`,
    );
  if (yaml.kind === 'aliases') throw new UserError(`target file ${path} has aliases that cannot be followed`, remedy);
  if (yaml.kind === 'torn') throw new UserError(`target file ${path} is not YAML${at(yaml.at)}: ${yaml.why}`, remedy);
  const { written } = yaml;
  if (typeof written !== 'object' || written === null || Array.isArray(written))
    throw new UserError(`target file ${path} holds no \`key: value\` lines`, remedy);
  const parsed = parseTarget(written);
  if (parsed.ok) return parsed.target;
  const place = at(yaml.placeOf(parsed.path, parsed.ofKey ? 'key' : 'value'));
  throw new UserError(`target file ${path}, ${parsed.place}: ${parsed.why}${place}`, parsed.remedy);
}
