// Unit tests stand beside their code; what needs more than one folder is in test/. Libraries are not bundled here, so aedes runs as its
// authors wrote it.
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  plugins: [svelte({ configFile: false })],
  test: {
    include: ['**/*.test.ts'],
    exclude: ['dist/**', 'node_modules/**'],
    pool: 'forks',
    // Vitest would leave a core free and so use one of two; many of these tests wait for a socket more than they compute.
    maxWorkers: '100%',
    testTimeout: 20_000,
    hookTimeout: 20_000,
  },
});
