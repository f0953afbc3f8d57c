// Unit tests stand beside their code; what needs more than one folder is in test/. Libraries are not bundled here, so aedes runs as its
// authors wrote it.
import { availableParallelism } from 'node:os';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { yamlAsData } from './tools/vite/yaml.ts';

/** Files that take minutes begin first, else the last of them has the machine to itself. */
const LONG = [
  'test/command/verify-target.test.ts',
  'test/mutants/kill-matrix.test.ts',
  'test/interop/not-ours.test.ts',
  'test/command/verify.test.ts',
  'scenarios/engine/faults.test.ts',
  'test/command/fleet.test.ts',
  'scenarios/engine/options.test.ts',
  'scenarios/engine/suite.test.ts',
  'test/cli/evidence.test.ts',
];

class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number => LONG.findIndex((file) => moduleId.endsWith(`/${file}`));
    const rest = await super.sort(files);
    const long = rest.filter((file) => place(file) >= 0).sort((a, b) => place(a) - place(b));
    return [...long, ...rest.filter((file) => place(file) < 0)];
  }
}

export default defineConfig({
  plugins: [svelte({ configFile: false }), yamlAsData()],
  test: {
    include: ['**/*.test.ts'],
    exclude: ['dist/**', 'node_modules/**'],
    pool: 'forks',
    // Vitest would leave one of two cores free. The long tests wait for a process or a socket more than they compute: one more than the cores.
    maxWorkers: availableParallelism() + 1,
    sequence: { sequencer: LongFirst },
    testTimeout: 240_000,
    hookTimeout: 60_000,
  },
});
