// Which folder may import which (design: "the house"). Every ban says why, since somebody will want to lift it.

const TESTS = '\\.(test|spec|testkit)\\.ts$';
const OURS = ['kernel', 'protocol', 'platform-stub', 'worker', 'scenarios', 'report', 'cli', 'web', 'test', 'tools'];

/** Everything of ours but these. */
const otherThan = (...folders) => `^(${OURS.filter((folder) => !folders.includes(folder)).join('|')})/`;

/** @param {string} name @param {string} comment @param {object} from @param {object} to */
const ban = (name, comment, from, to) => ({ name, severity: 'error', comment, from, to });

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ban(
      'kernel-imports-nothing-of-ours',
      'Both ends and every judge stand on the kernel. If it knew one of them, they would share more than bytes.',
      { path: '^kernel/', pathNot: TESTS },
      { path: otherThan('kernel') },
    ),
    ban(
      'protocol-imports-nothing-of-ours',
      'The wire contract is pure: it can be read, tested and published without the rest.',
      { path: '^protocol/', pathNot: TESTS },
      { path: otherThan('protocol') },
    ),
    ban(
      'protocol-needs-hashes-only',
      'A second library in the contract would be a second opinion about it.',
      { path: '^protocol/', pathNot: TESTS },
      { path: 'node_modules', pathNot: 'node_modules/@noble/hashes/' },
    ),
    ban(
      'platform-stub-knows-no-device',
      'The stub judges strangers: it must not know how our own devices are made. They meet as bytes.',
      { path: '^platform-stub/', pathNot: TESTS },
      { path: otherThan('platform-stub', 'kernel', 'protocol') },
    ),
    ban(
      'worker-knows-no-platform',
      'Our devices are run against strangers: they must not know how our own stub is made. They meet as bytes.',
      { path: '^worker/', pathNot: TESTS },
      { path: otherThan('worker', 'kernel', 'protocol') },
    ),
    ban(
      'rules-and-judges-read-evidence-only',
      'A verdict may rest on what was recorded, never on what drove it: the same oracle judges again from a stored transcript.',
      { path: '^scenarios/(rules|judge)/', pathNot: TESTS },
      { path: '^(platform-stub|worker|report|cli|web|test|tools)/|^scenarios/(?!rules/|judge/)' },
    ),
    ban(
      'scenarios-know-no-front-end',
      'Cases run in a page and in a terminal alike.',
      { path: '^scenarios/', pathNot: TESTS },
      { path: '^(report|cli|web|test|tools)/' },
    ),
    ban(
      'report-is-a-function-of-evidence',
      'A format is written from the report alone, so that `report verify` can write it again. Of the fleet it may know the types.',
      { path: '^report/', pathNot: TESTS },
      { path: '^(platform-stub|cli|web|test|tools)/|^scenarios/(?!judge/|rules/)' },
    ),
    ban(
      'report-runs-no-device',
      'Only types of the fleet: code of it would drag its libraries into every reader of a report.',
      { path: '^report/', pathNot: TESTS },
      { path: '^worker/', dependencyTypesNot: ['type-only'] },
    ),
    ban('cli-never-web', 'The command runs where no browser is.', { path: '^cli/' }, { path: '^web/' }),
    ban('web-never-cli', 'The page runs where no Node is.', { path: '^web/' }, { path: '^cli/' }),
    ban(
      'nothing-imports-tests-or-tools',
      'What is shipped does not hold what checks it.',
      { path: '^(kernel|protocol|platform-stub|worker|scenarios|report|cli|web)/', pathNot: TESTS },
      { path: `^(test|tools)/|${TESTS}` },
    ),
    ban(
      'node-only-where-it-says-so',
      'Everything else runs in a page as well. A file that needs Node is named *.node.ts, or lives in the command.',
      { path: '^(kernel|protocol|platform-stub|worker|scenarios|report|web)/', pathNot: `\\.node\\.ts$|${TESTS}` },
      { dependencyTypes: ['core'] },
    ),
    ban(
      'isomorphic-imports-no-node-file',
      'A *.node.ts behind an isomorphic import would come along into the page.',
      { path: '^(kernel|protocol|worker|scenarios|report|web)/', pathNot: `\\.node\\.ts$|${TESTS}` },
      { path: '\\.node\\.ts$', dependencyTypesNot: ['type-only'] },
    ),
    ban(
      'entries-live-at-the-edges',
      'What a thread or a Web Worker starts with says which ends it joins. That is for the page and the command to decide.',
      { path: '\\.worker\\.ts$', pathNot: '^(web|cli)/workers/' },
      {},
    ),
    ban(
      'page-runs-no-device-and-no-platform',
      'A tab that is hidden ticks once a second; workers do not. Devices and platform are joined in web/workers.',
      { path: '^web/', pathNot: `^web/workers/|${TESTS}` },
      { path: '^(platform-stub|worker/(session|transport|unit))/', dependencyTypesNot: ['type-only'] },
    ),
    ban(
      'no-circles',
      'Two files that need each other are one file, or hide a third.',
      {},
      { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    ),
    ban(
      'no-missing-module',
      'An import that resolves to nothing fails later and elsewhere.',
      { path: `^(${OURS.join('|')})/` },
      { couldNotResolve: true },
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|test-results|playwright-report)/' },
    // Type imports are arrows too. (Not in .svelte files, which are seen as compiled.)
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    builtInModules: { add: ['node:test'] },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types', 'svelte'],
      extensions: ['.ts', '.mts', '.js', '.mjs', '.cjs', '.svelte', '.d.ts', '.json'],
    },
  },
};
