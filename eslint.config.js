// What a compiler does not see. Formatting is prettier's, imports between folders are dependency-cruiser's.
import js from '@eslint/js';
import { defineConfig } from 'eslint/config';
import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import ts from 'typescript-eslint';

const CLOCK = 'Time is an argument here: ask the Clock (kernel/clock.ts), so that a case can run on a virtual one.';
const RANDOM = 'Draws are an argument here: ask a Random (kernel/random.ts), so that a run can be repeated from its seed.';
const TURN = 'Ask the Clock for a turn (kernel/clock.ts), so that a cell can count what is pending.';

const banned = (names, message) => names.map((name) => ({ name, message }));

export default defineConfig(
  { ignores: ['dist/', 'test-results/', 'playwright-report/', '**/*.d.ts'] },
  js.configs.recommended,
  ts.configs.strictTypeChecked,
  svelte.configs.recommended,
  {
    languageOptions: {
      globals: globals.node,
      parserOptions: {
        // A *.web.ts outside web/ has the nearest tsconfig.json against it.
        projectService: { allowDefaultProject: ['*/*.web.ts', '*/*/*.web.ts'], defaultProject: 'tsconfig.web.json' },
        tsconfigRootDir: import.meta.dirname,
        extraFileExtensions: ['.svelte'],
      },
    },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrorsIgnorePattern: '^_' }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      // `return done(error)` and `() => stream.resume()` are idioms of call-backs.
      '@typescript-eslint/no-confusing-void-expression': 'off',
      // Most objects are made of closures: `front.accept` is a value to hand on.
      '@typescript-eslint/unbound-method': 'off',
      // Flow analysis does not see what a call-back changed while we waited.
      '@typescript-eslint/no-unnecessary-condition': 'off',
      // Records of libraries are maps.
      '@typescript-eslint/no-dynamic-delete': 'off',
      // Names are measured in code points, which is what spreading a string gives.
      '@typescript-eslint/no-misused-spread': ['error', { allow: ['string'] }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports', disallowTypeAnnotations: false }],
      // Under `noUncheckedIndexedAccess` an index that a loop or a check has bounded is asserted.
      '@typescript-eslint/no-non-null-assertion': 'off',
      // Fails on CommonJS, and functions inside blocks are no danger in modules.
      'svelte/no-inner-declarations': 'off',
      eqeqeq: 'error',
      'no-console': 'error',
    },
  },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { globals: globals.browser, parserOptions: { parser: ts.parser } },
    // `void value` in an effect names what the effect depends on.
    rules: { '@typescript-eslint/no-meaningless-void-operator': 'off' },
  },
  { files: ['web/**'], languageOptions: { globals: { ...globals.browser, ...globals.worker } } },

  // Isomorphic folders run on whatever clock and seed they are given.
  {
    files: ['kernel/**/*.ts', 'protocol/**/*.ts', 'platform-stub/**/*.ts', 'worker/**/*.ts', 'scenarios/**/*.ts'],
    ignores: ['kernel/clock.ts', '**/*.node.ts', '**/*.test.ts', '**/*.testkit.ts', 'platform-stub/node/**'],
    rules: {
      'no-restricted-globals': [
        'error',
        ...banned(['setTimeout', 'setInterval', 'clearTimeout', 'clearInterval', 'performance'], CLOCK),
        ...banned(['setImmediate', 'clearImmediate', 'queueMicrotask'], TURN),
      ],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: CLOCK },
        { object: 'Math', property: 'random', message: RANDOM },
        ...['setTimeout', 'setInterval', 'setImmediate', 'performance', 'Date'].map((property) => ({
          object: 'globalThis',
          property,
          message: CLOCK,
        })),
        { object: 'process', property: 'nextTick', message: TURN },
        { object: 'process', property: 'hrtime', message: CLOCK },
      ],
      'no-restricted-syntax': ['error', { selector: 'NewExpression[callee.name="Date"][arguments.length=0]', message: CLOCK }],
    },
  },

  // A thread's own virtual time is made of the real globals.
  { files: ['scenarios/engine/virtual-time.ts'], rules: { 'no-restricted-globals': 'off', 'no-restricted-properties': 'off' } },

  // Results on stdout and diagnostics on stderr are the command's and the tools' business.
  { files: ['cli/**', 'bin/**', 'tools/**'], rules: { 'no-console': 'off' } },
  // `process.emitWarning` of the page's stand-in for Node.
  { files: ['web/shims/globals.ts'], rules: { 'no-console': 'off' } },

  // A test may take a short cut that the types do not know of.
  {
    files: ['**/*.test.ts', '**/*.testkit.ts', '**/*.spec.ts', 'test/**'],
    rules: {
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/no-misused-spread': 'off',
      'no-console': 'off',
      '@typescript-eslint/require-await': 'off',
    },
  },

  // Plain JavaScript: no types to check with.
  { files: ['**/*.cjs', '*.js'], ...ts.configs.disableTypeChecked },
  { files: ['**/*.cjs'], languageOptions: { sourceType: 'commonjs', globals: { ...globals.commonjs, ...globals.browser } } },
);
