// hdr-histogram-js reaches for Node's zlib by `eval` and takes pako where that fails, which in an ES module is everywhere. A page whose
// policy forbids `eval` would report a violation at every start. What it ends up with stays the same.
import type { Plugin } from 'vite';

/** The file a command takes, and the one of the package's field `browser`; and what each of them calls pako. */
const PAKO: Readonly<Record<string, string>> = { 'JsHistogram.encoding.js': 'pako', 'hdrhistogram.umd.js': 'pako__namespace' };
const FILES = /[\\/]node_modules[\\/]hdr-histogram-js[\\/]dist[\\/](JsHistogram\.encoding\.js|hdrhistogram\.umd\.js)$/;
const EVALS = /eval\('require\("zlib"\)\.(deflate|inflate)Sync'\)/g;

export function hdrWithoutEval(): Plugin {
  return {
    name: 'muster:hdr-without-eval',
    transform: {
      filter: { id: FILES },
      handler(code, id) {
        const pako = PAKO[FILES.exec(id)?.[1] ?? ''];
        if (pako === undefined || [...code.matchAll(EVALS)].length !== 2) {
          throw new Error('hdr-histogram-js has changed: look whether tools/vite/hdr-without-eval.ts is still wanted, and mend it');
        }
        return { code: code.replace(EVALS, `${pako}.$1`), map: null };
      },
    },
  };
}
