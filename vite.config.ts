// One configuration for the page (dist/web) and for the command (dist/cli). Both hold their dependencies, so that what is published needs
// nothing else to be installed. `node tools/build.mjs` is the usual way to run it.
import { readdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';
import { aedesCleanSession } from './tools/vite/aedes-clean-session.ts';
import { browserShims } from './tools/vite/browser-shims.ts';
import { hdrWithoutEval } from './tools/vite/hdr-without-eval.ts';
import { thirdParty } from './tools/vite/third-party.ts';
import { yamlAsData } from './tools/vite/yaml.ts';

const checkout = import.meta.dirname;
const licences = thirdParty(checkout);

/** Worker threads are entries of their own, opened with `new URL('./NAME.worker.js', import.meta.url)`. */
const threads = readdirSync(join(checkout, 'cli'), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.worker.ts'))
  .map((path) => [basename(path, '.ts'), join(checkout, 'cli', path)] as const);

export default defineConfig({
  // The page's folder, so that dist/web/index.html is where a server looks for it.
  root: join(checkout, 'web'),
  server: { fs: { allow: [checkout] } },
  cacheDir: join(checkout, 'node_modules/.vite'),
  base: './',
  plugins: [svelte({ configFile: false }), browserShims(), aedesCleanSession(), hdrWithoutEval(), yamlAsData(), licences.plugin()],
  worker: {
    format: 'es',
    plugins: () => [browserShims(), aedesCleanSession(), hdrWithoutEval(), yamlAsData(), licences.plugin()],
  },
  optimizeDeps: { rolldownOptions: { plugins: [browserShims(), aedesCleanSession(), hdrWithoutEval()] } },
  environments: {
    client: {
      build: {
        outDir: join(checkout, 'dist/web'),
        emptyOutDir: true,
        target: 'es2023',
        // A policy of `'self'` allows neither scripts nor fonts from data: URLs.
        assetsInlineLimit: 0,
        modulePreload: { polyfill: false },
        // The page is served from this machine.
        chunkSizeWarningLimit: 1024,
        rolldownOptions: { input: join(checkout, 'web/index.html') },
      },
    },
    cli: {
      consumer: 'server',
      resolve: { noExternal: true },
      build: {
        ssr: true,
        outDir: join(checkout, 'dist/cli'),
        target: 'node20.19',
        minify: false,
        emptyOutDir: true,
        rolldownOptions: {
          input: { muster: join(checkout, 'cli/main.ts'), ...Object.fromEntries(threads) },
          // Flat: a chunk that opens a thread finds it beside itself, as the entry does.
          output: { entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
        },
      },
    },
    // Programs that only `npm run bench` builds and runs; they never reach dist.
    bench: {
      consumer: 'server',
      resolve: { noExternal: true },
      build: {
        ssr: true,
        outDir: join(checkout, 'node_modules/.cache/muster-bench'),
        target: 'node20.19',
        minify: false,
        emptyOutDir: true,
        rolldownOptions: {
          input: {
            memory: join(checkout, 'test/bench/memory.bench.ts'),
            stub: join(checkout, 'test/bench/stub.bench.ts'),
            'stub-load': join(checkout, 'test/bench/stub-load.bench.ts'),
            honesty: join(checkout, 'test/bench/honesty.bench.ts'),
            load: join(checkout, 'test/bench/load.bench.ts'),
            'load-client': join(checkout, 'test/bench/load-client.bench.ts'),
          },
          output: { entryFileNames: '[name].js' },
        },
      },
    },
  },
  builder: {
    // One list of licences for both.
    sharedConfigBuild: true,
    async buildApp(builder) {
      for (const environment of Object.values(builder.environments)) {
        if (environment.name === 'client' || environment.name === 'cli') await builder.build(environment);
      }
      writeFileSync(join(checkout, 'dist/THIRD-PARTY-NOTICES.txt'), licences.notices());
    },
  },
});
