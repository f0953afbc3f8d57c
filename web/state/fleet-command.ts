// The command that runs headless what the form of the fleet describes. It holds no secret: the command asks the environment for that.
import { quoted } from '../../report/html/command.ts';
import { problemsOf, type Values } from './fields.ts';

/** A rate in thousandths, rounded down: the command must not exceed what the target takes. What arithmetic lost of a whole one is put back. */
const shown = (rate: number): string => String(Math.floor(Number((rate * 1000).toFixed(3))) / 1000);

/**
 * The command line; null while the form lacks something that belongs into it.
 * @param relayed  where the relay's chosen target is, `mqtts://host:port`; null without one
 * @param heldRate arrivals a second that the target takes: the command goes beyond them where --rate says so
 */
export function fleetCommandOf(values: Values, relayed: string | null, heldRate?: number): string | null {
  const { target, mode, session, seed, namespace, productKey } = values;
  const { productSecret: _, ...problems } = problemsOf(values);
  const url = target === 'relay' ? relayed : values.url;
  if (Object.keys(problems).length > 0 || url === null) return null;
  const words = ['muster', 'fleet', '--devices', String(Number(values.devices)), '--rate', shown(heldRate ?? Number(values.rate))];
  words.push('--mode', mode, '--session', session, '--seed', quoted(seed));
  // Names that were added beforehand are of this namespace.
  if (target !== 'stub') words.push('--namespace', namespace, '--target', quoted(url), '--product-key', productKey);
  return words.join(' ');
}
