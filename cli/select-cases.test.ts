// `--case` selects among ours and the user's own; one that speaks of ours alone leaves the user's to run beside them.
import { expect, test } from 'vitest';
import { UserError } from '../kernel/errors.ts';
import type { PlatformCase } from '../scenarios/engine/case.ts';
import type { LoadedExtension } from './extensions.ts';
import { casesOf, selectCases } from './select-cases.ts';

const OWN = ['acme/data/keeps-posting', 'acme/data/rests', 'zeta/data/one'].map((id): LoadedExtension => {
  const definition: PlatformCase = {
    id,
    direction: 'platform',
    title: { en: id, 'zh-CN': id },
    profiles: ['nwl'],
    needs: 'cell',
    drive: () => Promise.resolve(),
    checks: [],
  };
  return { definition, classes: new Map(), url: 'file:///none' };
});
const ALL = OWN.map(({ definition }) => definition.id);
const OURS = casesOf('platform').map(({ id }) => id);

test.each<[string | undefined, string[], string[]]>([
  [undefined, OURS, ALL],
  ['platform/nwl/five-units', ['platform/nwl/five-units'], ALL],
  ['acme/data/rests', [], ['acme/data/rests']],
  ['acme/**', [], ['acme/data/keeps-posting', 'acme/data/rests']],
  ['*/data/one', [], ['zeta/data/one']],
  ['**', OURS, ALL],
  ['*/data/*', OURS.filter((id) => id.startsWith('platform/data/')), ALL],
])('%s', (glob, cases, own) => {
  const selected = selectCases('platform', glob, OWN);
  expect(selected.cases.map(({ id }) => id)).toEqual(cases);
  expect(selected.extensions.map(({ definition }) => definition.id)).toEqual(own);
});

test('a glob that matches nothing is a mistake, told with how to see the ids', () => {
  expect(() => selectCases('platform', 'acme/nothing', OWN)).toThrow(/matches no case of direction platform, and none of --cases/);
  expect(() => selectCases('platform', 'acme/nothing', [])).toThrow(UserError);
});
