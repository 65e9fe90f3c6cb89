// Lint for what the compiler cannot see: floating promises, borders by import path, and the impure globals that core must not use.
import js from '@eslint/js'
import globals from 'globals'
import hooks from 'eslint-plugin-react-hooks'
import ts from 'typescript-eslint'

const restrictImports = (...patterns) => ({
  'no-restricted-imports': ['error', { patterns: patterns.map(([group, message]) => ({ group, message })) }],
})
const electron = [
  ['electron', 'electron/*'],
  'only electron/desktop, main.ts and preload.ts may import electron',
]
const node = [['node:*'], 'this folder is pure: no Node']
const up = (names, message) => [names.flatMap((n) => [`**/${n}/*`, `**/${n}`]), message]

const impure = [
  { name: 'setTimeout', message: 'use the Clock port' },
  { name: 'setInterval', message: 'use the Clock port' },
  { name: 'fetch', message: 'use the Http port' },
]
const impureSyntax = [
  { selector: "MemberExpression[object.name='Date'][property.name='now']", message: 'use the Clock port' },
  { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: 'use the Clock port' },
  {
    selector: "MemberExpression[object.name='Math'][property.name='random']",
    message: 'use the Random port',
  },
]
const houseSyntax = [
  { selector: 'TSEnumDeclaration', message: 'use a union of string literals' },
  { selector: 'ExportDefaultDeclaration', message: 'name what you export' },
]

export default ts.config(
  { ignores: ['dist/', 'out/', 'node_modules/', 'test-results/', '.claude/'] },
  js.configs.recommended,
  {
    files: ['**/*.ts', '**/*.tsx'],
    extends: [ts.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { attributes: false } }],
      'no-restricted-syntax': ['error', ...houseSyntax],
      'no-console': 'error',
      eqeqeq: 'error',
    },
  },
  {
    files: ['shared/**/*.ts', 'electron/core/**/*.ts'],
    ignores: ['**/*.test.ts', '**/testing/**'],
    rules: {
      'no-restricted-syntax': ['error', ...houseSyntax, ...impureSyntax],
      'no-restricted-globals': ['error', ...impure],
      ...restrictImports(
        electron,
        node,
        up(
          ['adapters', 'bridge', 'desktop', 'api', 'cli', 'renderer'],
          'core and shared import nothing outward',
        ),
      ),
    },
  },
  {
    files: ['electron/core/**/testing/*.ts', 'electron/testing/**/*.ts'],
    rules: restrictImports(
      electron,
      up(
        ['adapters', 'bridge', 'desktop', 'api', 'cli', 'renderer'],
        'what core is tested with is as pure as core',
      ),
    ),
  },
  {
    files: ['electron/adapters/**/*.ts', 'electron/bridge/**/*.ts', 'electron/api/**/*.ts'],
    ignores: ['**/*.test.ts', '**/testing/**'],
    rules: restrictImports(
      electron,
      up(['desktop', 'cli', 'renderer'], 'electron/README.md says who may import whom'),
    ),
  },
  {
    files: ['electron/cli/**/*.ts', 'electron/{cli,hook}.ts', 'electron/compose.ts'],
    ignores: ['**/*.test.ts', '**/testing/**'],
    rules: restrictImports(
      electron,
      up(['desktop', 'renderer'], 'electron/README.md says who may import whom'),
    ),
  },
  {
    files: ['electron/desktop/**/*.ts'],
    ignores: ['**/*.test.ts', '**/testing/**'],
    rules: restrictImports(
      up(
        ['adapters', 'api', 'cli', 'renderer'],
        'the desktop imports shared, the bridge, and core for its types',
      ),
    ),
  },
  {
    files: ['renderer/**/*.{ts,tsx}'],
    plugins: { 'react-hooks': hooks },
    rules: {
      ...hooks.configs.recommended.rules,
      ...restrictImports(electron, node, up(['electron'], 'the window imports shared only')),
    },
  },
  {
    files: ['**/*.mjs', '**/*.js', '**/*.cjs'],
    languageOptions: { globals: { ...globals.node } },
    rules: { 'no-unused-vars': ['error', { argsIgnorePattern: '^_', caughtErrorsIgnorePattern: '^_' }] },
  },
  {
    // Read by whatever Node a person has: what it does not understand would be a syntax error instead of a sentence.
    files: ['build/scripts/lib/need-node.cjs'],
    languageOptions: { ecmaVersion: 5, sourceType: 'commonjs' },
  },
  {
    files: ['build/scripts/coord.mjs', 'build/scripts/start.mjs', 'build/scripts/test.mjs'],
    languageOptions: { ecmaVersion: 2020 },
  },
  {
    files: ['*.config.ts', '*.config.js', 'build/**/*.{ts,mjs,js}'],
    rules: { 'no-restricted-syntax': 'off', 'no-console': 'off' },
  },
  {
    files: ['**/*.test.ts', '**/*.test.tsx', 'e2e/**', '**/testing/**', 'electron/api/conformance/**'],
    rules: {
      'no-console': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/require-await': 'off',
    },
  },
)
