/** `npm run coord status --json`: without `--` npm keeps the option for itself, and the command would do something else. */
import type { Command } from 'commander'
import { readFileSync } from 'node:fs'

/** What a person has set for npm in its own files is no option of this command line. */
function isSetInFiles(name: string, env: NodeJS.ProcessEnv): boolean {
  return ['npm_config_userconfig', 'npm_config_globalconfig'].some((file) => {
    try {
      return new RegExp(`^\\s*${name}\\s*=`, 'm').test(readFileSync(env[file] ?? '', 'utf8'))
    } catch {
      return false
    }
  })
}

const optionsOf = (command: Command): readonly string[] => [
  ...command.options.flatMap(({ long }) => (long ? [long] : [])),
  ...command.commands.flatMap(optionsOf),
]

/** The options of `program` that npm took, as the person wrote them; `argv` is what it left. Empty: nothing was lost. */
export function takenByNpm(
  program: Command,
  argv: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): readonly string[] {
  if (env['npm_lifecycle_event'] !== 'coord') return []
  return [...new Set(optionsOf(program))].filter((option) => {
    const name = option.slice(2)
    const value = env[`npm_config_${name.replaceAll('-', '_')}`]
    return Boolean(value) && value !== 'false' && !argv.includes(option) && !isSetInFiles(name, env)
  })
}
