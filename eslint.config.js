import { defineConfig, globalIgnores } from 'eslint/config'
import redos from 'eslint-plugin-redos'
import * as regexp from 'eslint-plugin-regexp'
import security from 'eslint-plugin-security'
import tseslint from 'typescript-eslint'

export default defineConfig([
  globalIgnores([
    'node_modules/',
    'data/',
    'out/',
    'coverage/',
    'dist/',
    'test/bench/peers/',
    'core/views/assets/vendor/',
    'core/views/assets/browser/',
    'test/fixtures/',
  ]),
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, regexp.configs.recommended],
    plugins: { security, redos },
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      eqeqeq: 'error',
      'no-console': 'error',
      'no-constant-binary-expression': 'error',
      'no-control-regex': 'off', // signatures, PDF and XML are scanned by their control characters on purpose
      'no-promise-executor-return': ['error', { allowVoid: true }],
      'no-self-compare': 'error',
      'no-template-curly-in-string': 'error',
      'no-unreachable-loop': 'error',
      'no-useless-assignment': 'error',
      'prefer-const': ['error', { ignoreReadBeforeAssign: true }],

      'security/detect-bidi-characters': 'error',
      'security/detect-disable-mustache-escape': 'error',
      'security/detect-eval-with-expression': 'error',
      'security/detect-invisible-characters': 'error',
      'security/detect-new-buffer': 'error',
      'security/detect-pseudoRandomBytes': 'error',
      'redos/no-vulnerable': ['error', { timeout: 5000, checker: 'automaton' }],

      // Numbers read well in texts and messages; objects do not.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports', disallowTypeAnnotations: false }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      // An implementation of an asynchronous port need not wait itself.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-unnecessary-type-parameters': 'off', // typed doors to stored data name the type they answer with
      '@typescript-eslint/no-dynamic-delete': 'off',
      '@typescript-eslint/no-redundant-type-constituents': 'off', // declaration merging grows unions that start out empty

      'regexp/no-super-linear-backtracking': 'error',
    },
  },
  {
    // A command prints, a bench and a test talk to the terminal.
    files: ['test/**/*.ts', '**/test/**/*.ts'],
    rules: {
      'no-console': 'off',
      'redos/no-vulnerable': 'off', // patterns of tests read texts that the tests made
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
    },
  },
])
