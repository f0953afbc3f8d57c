// Programs of the soak, bundled as the command is: `node test/soak/build.mjs`. They never reach dist.
import { join } from 'node:path';
import { defineConfig } from 'vite';
import { aedesCleanSession } from '../../tools/vite/aedes-clean-session.ts';
import { hdrWithoutEval } from '../../tools/vite/hdr-without-eval.ts';

const checkout = join(import.meta.dirname, '../..');

export default defineConfig({
  root: import.meta.dirname,
  plugins: [aedesCleanSession(), hdrWithoutEval()],
  ssr: { noExternal: true },
  build: {
    ssr: true,
    target: 'node20.19',
    minify: false,
    outDir: join(checkout, 'node_modules/.cache/muster-soak'),
    emptyOutDir: true,
    rolldownOptions: {
      input: {
        arena: join(import.meta.dirname, 'arena.ts'),
        stub: join(import.meta.dirname, 'stub.ts'),
        load: join(import.meta.dirname, 'load.ts'),
        fleet: join(import.meta.dirname, 'fleet.ts'),
      },
      output: { entryFileNames: '[name].js' },
    },
  },
});
