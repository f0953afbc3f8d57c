// YAML files of ours as data: read when Muster is built, not by everybody who starts it.
import { parse } from 'yaml';
import type { Plugin } from 'vite';

/** Without a query: `?raw` asks for the text. */
const FILES = /\.yaml$/;

export function yamlAsData(): Plugin {
  return {
    name: 'muster:yaml',
    transform: {
      order: 'pre',
      filter: { id: FILES },
      handler(text) {
        const data: unknown = parse(text);
        return { code: `export default ${JSON.stringify(data)};\n`, map: null, moduleType: 'js' };
      },
    },
  };
}
