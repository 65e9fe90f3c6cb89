/** PowerShell's commands that write files, said in the words of the programs that do the same. */
import type { PowerShellStatement } from './powershell-words.ts'
import { plainWord, type ShellWord } from './shell-word.ts'

const ALIASES: Readonly<Record<string, string>> = {
  rm: 'remove-item',
  del: 'remove-item',
  erase: 'remove-item',
  ri: 'remove-item',
  rd: 'remove-item',
  rmdir: 'remove-item',
  mv: 'move-item',
  move: 'move-item',
  mi: 'move-item',
  cp: 'copy-item',
  copy: 'copy-item',
  cpi: 'copy-item',
  ren: 'rename-item',
  rni: 'rename-item',
  ni: 'new-item',
  sc: 'set-content',
  ac: 'add-content',
  clc: 'clear-content',
  tee: 'tee-object',
  epcsv: 'export-csv',
  iwr: 'invoke-webrequest',
  irm: 'invoke-restmethod',
  start: 'start-process',
  saps: 'start-process',
  cd: 'set-location',
  sl: 'set-location',
  chdir: 'set-location',
  pushd: 'push-location',
  popd: 'pop-location',
}

/** What a command is given by place, in order, and which of it are files. */
interface Shape {
  readonly program: 'rm' | 'mv' | 'cp' | 'tee' | 'touch' | 'cd' | 'popd' | 'unzip'
  readonly places: readonly string[]
  /** The file that must be given, else it comes from the input. */
  readonly file: string
}
const WRITER: Omit<Shape, 'program'> = { places: ['path', 'value'], file: 'path' }
const COMMANDS: Readonly<Record<string, Shape>> = {
  'remove-item': { program: 'rm', ...WRITER },
  'clear-content': { program: 'tee', ...WRITER },
  'set-content': { program: 'tee', ...WRITER },
  'add-content': { program: 'tee', ...WRITER },
  'out-file': { program: 'tee', places: ['filepath'], file: 'filepath' },
  'tee-object': { program: 'tee', places: ['filepath'], file: 'filepath' },
  'export-csv': { program: 'tee', ...WRITER },
  'export-clixml': { program: 'tee', ...WRITER },
  'new-item': { program: 'touch', ...WRITER },
  'move-item': { program: 'mv', places: ['path', 'destination'], file: 'path' },
  'copy-item': { program: 'cp', places: ['path', 'destination'], file: 'path' },
  'rename-item': { program: 'mv', places: ['path', 'newname'], file: 'path' },
  'invoke-webrequest': { program: 'tee', places: ['uri'], file: 'outfile' },
  'invoke-restmethod': { program: 'tee', places: ['uri'], file: 'outfile' },
  'compress-archive': { program: 'tee', places: ['path', 'destinationpath'], file: 'destinationpath' },
  'expand-archive': { program: 'unzip', ...WRITER },
  'set-location': { program: 'cd', ...WRITER },
  'push-location': { program: 'cd', ...WRITER },
  'pop-location': { program: 'popd', places: [], file: '' },
}
/** Parameters that stand alone; each may be cut short. */
const SWITCHES = [
  'recurse',
  'force',
  'append',
  'nonewline',
  'noclobber',
  'passthru',
  'confirm',
  'whatif',
  'verbose',
  'container',
  'asbytestream',
  'notypeinformation',
  'usebasicparsing',
]
const SPELLINGS: Readonly<Record<string, string>> = { literalpath: 'path', lp: 'path', pspath: 'path' }
const VALUED = [
  'path',
  'literalpath',
  'filepath',
  'destination',
  'destinationpath',
  'argumentlist',
  'newname',
  'name',
  'value',
  'outfile',
  'itemtype',
  'encoding',
  'filter',
  'include',
  'exclude',
  'uri',
  'inputobject',
  'delimiter',
  'target',
  'lp',
  'pspath',
]

interface Given {
  readonly values: ReadonlyMap<string, readonly ShellWord[]>
  readonly switches: ReadonlySet<string>
}

/** The parameter's whole name; one that is not known has a value. */
const fullName = (short: string): string =>
  [...SWITCHES, ...VALUED].find((name) => name === short) ??
  SWITCHES.find((name) => name.startsWith(short)) ??
  VALUED.find((name) => name.startsWith(short)) ??
  short

/** `Start-Process PROGRAM -ArgumentList a, b`, or with all of them in one text. */
const STARTED = { places: ['filepath', 'argumentlist'], file: 'filepath' }
function started(args: PowerShellStatement['words']): readonly ShellWord[] {
  const { values } = givenTo({ program: 'tee', ...STARTED }, args)
  const given = (values.get('argumentlist') ?? []).flatMap((word) =>
    word.isKnown ? word.text.split(/\s+/).map((text) => ({ ...word, text })) : [word],
  )
  return [...(values.get('filepath') ?? []), ...given]
}

function givenTo({ places }: Shape, args: PowerShellStatement['words']): Given {
  const values = new Map<string, readonly ShellWord[]>()
  const switches = new Set<string>()
  const free = [...places]
  for (let i = 0; i < args.length; i++) {
    const words = args[i] ?? []
    const parameter = /^[-\u2013-\u2015]([A-Za-z]+)(?::(.*))?$/.exec(words[0]?.text ?? '')
    if (!parameter) {
      const place = free.find((name) => !values.has(name))
      if (place !== undefined) values.set(place, words)
      continue
    }
    const name = fullName((parameter[1] ?? '').toLowerCase())
    if (SWITCHES.includes(name)) switches.add(name)
    else if (parameter[2] !== undefined && parameter[2] !== '')
      values.set(SPELLINGS[name] ?? name, [
        { ...plainWord(parameter[2]), isPattern: /[*?]/.test(parameter[2]) },
      ])
    else values.set(SPELLINGS[name] ?? name, args[++i] ?? [])
  }
  return { values, switches }
}

/** Another place than the file system: `Env:X`, `HKLM:\…`. */
const isElsewhere = (word: ShellWord): boolean => /^[A-Za-z]{2,}:/.test(word.text)

/** `dir/old` renamed to `new` is `dir/new`. */
function renamed(from: ShellWord | undefined, to: ShellWord): ShellWord {
  const folder = from ? (/^.*[\\/]/.exec(from.text)?.[0] ?? '') : ''
  return { ...to, text: folder + to.text, isKnown: to.isKnown && from?.isKnown === true }
}

function operandsOf(command: string, shape: Shape, { values }: Given): readonly ShellWord[] {
  const files = values.get(shape.file) ?? []
  const [destination] = values.get('destination') ?? []
  const [newName] = values.get('newname') ?? []
  const [name] = values.get('name') ?? []
  if (command === 'rename-item' && newName) return [...files, renamed(files[0], newName)]
  if (command === 'new-item' && name)
    return files.length === 0 ? [name] : files.map((file) => ({ ...name, text: `${file.text}/${name.text}` }))
  return destination ? [...files, destination] : files
}

/** The words of the program that does the same; the statement's own where it is no such command, none where it is a value. */
export function toProgram({ words, isCall }: PowerShellStatement): readonly ShellWord[] {
  const flat = words.flat()
  const first = words[0]?.[0]
  if (first === undefined) return []
  // a static method of .NET that writes: what it is given is not read
  if (
    /^\[(?:system\.)?io\.(?:file|directory)\]::(?:write|append|delete|move|copy|create|replace)/i.test(
      first.text,
    )
  )
    return [plainWord('tee'), { text: first.text, isKnown: false, isPattern: false }]
  if (!first.isKnown) {
    // `$x = Set-Content …`: what is assigned is run
    const at = words.findIndex(([word]) => /^[+*/-]?=$/.test(word?.text ?? ''))
    if (at > 0) return toProgram({ words: words.slice(at + 1), writesTo: [], inner: [], isCall: false })
    return isCall ? flat : []
  }
  const name = first.text.toLowerCase()
  const command = ALIASES[name] ?? name
  if (command === 'start-process') return started(words.slice(1))
  const shape = Object.hasOwn(COMMANDS, command) ? COMMANDS[command] : undefined
  if (!shape) return flat
  const given = givenTo(shape, words.slice(1))
  const [itemType] = given.values.get('itemtype') ?? []
  if (given.switches.has('whatif') || /^d/i.test(itemType?.text ?? '')) return []
  const operands = operandsOf(command, shape, given)
    .filter((word) => !isElsewhere(word))
    // both separate names, on every system
    .map((word) => ({ ...word, text: word.text.replaceAll('\\', '/') }))
  const program = [plainWord(shape.program), ...(given.switches.has('recurse') ? [plainWord('-r')] : [])]
  if (given.values.has(shape.file) || shape.program === 'popd')
    return [...program, plainWord('--'), ...operands]
  if (shape.program === 'cd') return [plainWord('cd'), plainWord('-')]
  // files that come from the pipe
  return shape.file === 'outfile' ? [] : [plainWord('xargs'), ...program, plainWord('--'), ...operands]
}
