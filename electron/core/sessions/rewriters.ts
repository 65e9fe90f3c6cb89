/** Formatters and linters that mend: how each is told to write, and which of its words are files. */
import type { OptionRules } from './command-options.ts'

/** How a formatter or a linter that mends is called. */
export interface Rewriter extends OptionRules {
  /** With one of these it writes; undefined: it always does. */
  readonly writesWith?: RegExp
  /** With one of these it only looks. */
  readonly looksWith?: RegExp
  /** The words before the files, of which it must be one (`biome check`). */
  readonly command?: RegExp
  /** How many words of its own stand before the files: an expression, what is looked for and what comes for it. */
  readonly script?: number
  /** What it writes with no file named; undefined: nothing. */
  readonly byDefault?: '.'
}

const LOOKS = /^(?:--check|--check-only|--diff|--dry-run|--list-different)$/
/** By the name of the program; the first form that fits counts. */
export const REWRITERS: Readonly<Record<string, readonly Rewriter[]>> = {
  prettier: [
    {
      writesWith: /^(?:-[a-z]*w[a-z]*|--write)$/,
      valued: ['--config', '--ignore-path', '--parser', '--plugin', '--log-level', '--cache-location'],
    },
  ],
  eslint: [
    {
      writesWith: /^--fix$/,
      valued: [
        '-c',
        '--config',
        '--ext',
        '-f',
        '--format',
        '-o',
        '--output-file',
        '--rule',
        '--rulesdir',
        '--max-warnings',
        '--fix-type',
        '--ignore-path',
        '--ignore-pattern',
        '--cache-location',
        '--parser',
        '--plugin',
        '--env',
        '--global',
      ],
      byDefault: '.',
    },
  ],
  stylelint: [
    { writesWith: /^--fix(?:=.*)?$/, valued: ['--config', '--custom-syntax', '-f', '--formatter'] },
  ],
  markdownlint: [{ writesWith: /^(?:-f|--fix)$/, valued: ['-c', '--config', '-i', '--ignore'] }],
  biome: [
    {
      command: /^(?:check|format|lint)$/,
      writesWith: /^--(?:write|apply|apply-unsafe|fix)$/,
      valued: ['--config-path'],
      byDefault: '.',
    },
  ],
  ruff: [
    { command: /^format$/, looksWith: LOOKS, valued: ['--config', '--exclude'], byDefault: '.' },
    {
      command: /^check$/,
      writesWith: /^(?:--fix|--fix-only)$/,
      looksWith: /^--diff$/,
      valued: ['--config', '--select', '--ignore', '--exclude'],
      byDefault: '.',
    },
  ],
  black: [{ looksWith: LOOKS, valued: ['-l', '--line-length', '-t', '--target-version', '--config', '-c'] }],
  isort: [
    { looksWith: /^(?:-c|--check|--check-only|--diff|-d)$/, valued: ['--profile', '-l', '--settings'] },
  ],
  autopep8: [{ writesWith: /^(?:-[a-z]*i[a-z]*|--in-place)$/, valued: ['--select', '--ignore'] }],
  yapf: [{ writesWith: /^(?:-[a-z]*i[a-z]*|--in-place)$/, valued: ['--style'] }],
  gofmt: [{ writesWith: /^-w$/, valued: ['-r'] }],
  goimports: [{ writesWith: /^-w$/, valued: ['-local'] }],
  gofumpt: [{ writesWith: /^-w$/, valued: [] }],
  rustfmt: [{ looksWith: LOOKS, valued: ['--config', '--config-path', '--edition', '--emit'] }],
  shfmt: [{ writesWith: /^(?:-[a-z]*w[a-z]*|--write)$/, valued: ['-i', '-ln'] }],
  'clang-format': [{ writesWith: /^-i$/, valued: ['-style', '--style'] }],
  terraform: [{ command: /^fmt$/, looksWith: /^--?(?:check|diff)$/, valued: [], byDefault: '.' }],
  cargo: [{ command: /^fmt$/, looksWith: /^--check$/, valued: ['-p', '--package'], byDefault: '.' }],
  yq: [{ writesWith: /^(?:-i|--inplace)$/, valued: ['-o', '-p', '-I', '--output-format'], script: 1 }],
  sd: [{ looksWith: /^(?:-p|--preview)$/, valued: ['-n', '--max-replacements', '-f', '--flags'], script: 2 }],
  deno: [{ command: /^fmt$/, looksWith: /^--check$/, valued: ['-c', '--config', '--ext'], byDefault: '.' }],
  oxlint: [{ writesWith: /^--fix(?:-.*)?$/, valued: ['-c', '--config', '-D', '-A', '-W'], byDefault: '.' }],
  rubocop: [
    {
      writesWith: /^(?:-[aAx]|--autocorrect(?:-all)?|--auto-correct(?:-all)?|--fix-layout)$/,
      valued: ['-c', '--config', '--only', '--except', '-f', '--format', '-o', '--out', '-r', '--require'],
      byDefault: '.',
    },
  ],
  dos2unix: [{ valued: [] }],
  unix2dos: [{ valued: [] }],
}
