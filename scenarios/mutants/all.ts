// Every mutant, collected from the files beside this one.
import { judgedClass } from '../engine/requirements.ts';
import { generatedMutants, type FirmwareMutant, type PlatformMutant } from './mutant.ts';
import { refusalMutants } from './refusals.ts';

const platform = import.meta.glob<PlatformMutant>('./platform/*.ts', { eager: true, import: 'default' });
const firmware = import.meta.glob<FirmwareMutant>('./firmware/*.ts', { eager: true, import: 'default' });

export const PLATFORM_MUTANTS: readonly PlatformMutant[] = [...Object.values(platform), ...refusalMutants(), ...generatedMutants()];
export const FIRMWARE_MUTANTS: readonly FirmwareMutant[] = Object.values(firmware);

/** The mutants of a direction that break a rule which is judged. */
export function matrixMutants(direction: 'platform' | 'firmware'): readonly (PlatformMutant | FirmwareMutant)[] {
  return (direction === 'platform' ? PLATFORM_MUTANTS : FIRMWARE_MUTANTS).filter((mutant) => judgedClass(mutant.rule) !== 'R');
}

/** The mutants of a direction that break a MUST: each has to be found not conformant. */
export function judgedMutants(direction: 'platform' | 'firmware'): readonly (PlatformMutant | FirmwareMutant)[] {
  return (direction === 'platform' ? PLATFORM_MUTANTS : FIRMWARE_MUTANTS).filter((mutant) => judgedClass(mutant.rule) === 'M');
}
