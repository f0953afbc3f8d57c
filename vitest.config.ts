// Unit tests stand beside their code; what needs more than one folder is in test/. Libraries are not bundled here, so aedes runs as its
// authors wrote it.
import { availableParallelism } from 'node:os';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';
import { yamlAsData } from './tools/vite/yaml.ts';

export default defineConfig({
  plugins: [svelte({ configFile: false }), yamlAsData()],
  test: {
    include: ['**/*.test.ts'],
    exclude: ['dist/**', 'node_modules/**'],
    pool: 'forks',
    // Vitest would leave one of two cores free. The long tests wait for a process or a socket more than they compute: one more than the cores.
    maxWorkers: availableParallelism() + 1,
    testTimeout: 240_000,
    hookTimeout: 60_000,
  },
});
