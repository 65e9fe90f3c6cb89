/** Completion: what is offered where, offline; and each shell's script in the real shell. */
import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { VERSION } from '../../shared/version.ts'
import { CLI, place, realApi, type Place, type RealApi } from './testing/coord.ts'

let program = ''
let at: Place
let api: RealApi
const ids: Record<'lock' | 'workflow', string> = { lock: '', workflow: '' }
beforeAll(async () => {
  program = CLI
  at = place()
  api = await realApi(at)
  at.env['COORD_API_URL'] = api.url
  const run = async (...args: string[]): Promise<{ id: string }> =>
    (await at.coord([...args, '--json'], { program })).json as { id: string }
  ids.lock = (await run('claim', 'src/a.ts', '--project', 'demo')).id
  ids.workflow = (await run('workflow', 'create', 'my shop', 'New login')).id
  await run('claim', 'src/b.ts', '--project', 'demo', '--session', 'FAR/x')
  await run('locks', '--all')
  await run('workflow', 'list')
  // what waits makes the folder one that is known
  await run('enqueue', 'PATCH', '/api/coord/work-items/x', '--body', '{"status":5}')
  await run('flush')
  await run('queue', 'list')
  // from here on nothing answers: completion asks nobody
  await api.stop()
  const bin = join(at.root, 'bin')
  mkdirSync(bin)
  writeFileSync(join(bin, 'coord'), `#!/bin/sh\nexec '${process.execPath}' '${program}' "$@"\n`)
  chmodSync(join(bin, 'coord'), 0o755)
  at.env['PATH'] = `${bin}:${at.env['PATH']}`
})
afterAll(() => at.remove())

const ask = async (...words: string[]): Promise<{ values: string[]; how: string }> => {
  const { code, stdout, stderr } = await at.coord(['__complete', String(words.length - 1), ...words], {
    program,
  })
  expect([code, stderr]).toEqual([0, ''])
  const rows = stdout.trimEnd().split('\n')
  return { values: rows.slice(0, -1).map((row) => row.split('\t')[0] ?? ''), how: rows.at(-1) ?? '' }
}

describe('what is offered', () => {
  it.each([
    [['cl'], ['claim']],
    [
      ['queue', 's'],
      ['show', 'send'],
    ],
    [['--json', 'queue', 'd'], ['discard']],
    [['claim', 'r', '--pro'], ['--project']],
    [['claim', 'r', '--project', 'd'], ['demo']],
    [['claim', 'r', '--project=d'], ['--project=demo']],
    [['claim', 'r', '--project', 'my'], ['my shop']],
    [['send', '--to', 'FAR'], ['FAR/x']],
    [['--session', 'BOX'], ['BOX/coord']],
    [['help', 'exit'], ['exit-codes']],
    [['help', 'queue', 'li'], ['list']],
    [
      ['component', 'set', 'demo', 'server', 'depl'],
      ['deploying', 'deployed'],
    ],
    [['completion', 'f'], ['fish']],
    [['nosuch', 'x'], []],
    [['queue', 'show', '1'], ['1.0']],
  ])('%j: %j', async (words, expected) => {
    expect((await ask(...words)).values).toEqual(expected)
  })
  it('IDs that were listed last, with what they are; whole where more is typed', async () => {
    const { stdout } = await at.coord(['__complete', '1', 'release', ''], { program })
    expect(stdout).toContain(`${ids.lock.slice(0, 8)}\tdemo: src/a.ts (BOX/coord)`)
    expect((await ask('release', ids.lock.slice(0, 20))).values).toEqual([ids.lock])
    expect((await ask('item', 'list', '')).values).toEqual([ids.workflow.slice(0, 8)])
  })
  it('files and folders where those fit, known folders first', async () => {
    expect((await ask('guard', 'check', '')).how).toBe(':files')
    const folders = await ask('flush', '--workspace', '')
    expect(folders).toEqual({ values: [at.project], how: ':folders' })
    expect((await ask('claim', '')).how).toBe(':files')
    expect((await ask('')).how).toBe(':none')
  })
  it('nothing that is hidden, and the flags of the command and of all', async () => {
    const { values } = await ask('')
    expect(values).toContain('status')
    expect(values.filter((one) => ['man', 'write-words', '__complete'].includes(one))).toEqual([])
    expect((await ask('hook', '')).values).not.toContain('run')
    expect((await ask('flush', '--')).values).toEqual(
      expect.arrayContaining(['--wait', '--json', '--session', '--no-color', '--help']),
    )
  })
})

const has = (shell: string): boolean => spawnSync(shell, ['-c', 'exit 0']).status === 0
/** A shell that is not here is left out loudly. */
const inShell = (shell: string) => {
  if (has(shell)) return it
  console.warn(`\n*** LEFT OUT: ${shell} is not on this machine; its completion is not tried ***\n`)
  return it.skip
}
const script = (name: string): string => join(dirname(program), 'completions', name)

describe('the build writes what the packages install', () => {
  it.each([
    'completions/coord.bash',
    'completions/_coord',
    'completions/coord.fish',
    'completions/coord.ps1',
    'coord.1',
  ])('%s', (name) => {
    expect(existsSync(join(dirname(program), name))).toBe(true)
  })
  it.each([
    ['bash', 'coord.bash'],
    ['zsh', '_coord'],
    ['fish', 'coord.fish'],
    ['powershell', 'coord.ps1'],
  ])('coord completion %s prints the same', async (shell, name) => {
    expect((await at.coord(['completion', shell], { program })).stdout).toBe(
      readFileSync(script(name), 'utf8'),
    )
  })
  inShell('man')('the man page reads without a warning, and has each command', () => {
    const ran = spawnSync(
      'man',
      ['--warnings', '-E', 'UTF-8', '-l', '-Tutf8', join(dirname(program), 'coord.1')],
      {
        encoding: 'utf8',
        env: {
          ...process.env,
          MANWIDTH: '80',
          MAN_KEEP_FORMATTING: '0',
          GROFF_NO_SGR: '1',
          LC_ALL: 'C.UTF-8',
        },
      },
    )
    expect([ran.status, ran.stderr]).toEqual([0, ''])
    expect(readFileSync(join(dirname(program), 'coord.1'), 'utf8')).not.toContain('default: "')
    // overstruck letters are the page's bold ones
    const text = ran.stdout.replace(new RegExp(`.${String.fromCharCode(8)}`, 'g'), '')
    for (const words of [
      'coord claim <resource> --project <key>',
      'EXIT STATUS',
      'COORD_API_URL',
      '.coord-outbox',
    ])
      expect(text).toContain(words)
  })
})

describe('in the real shells', () => {
  const bash = (line: string): string[] => {
    const run = `source '${script('coord.bash')}'
      line=${JSON.stringify(line)}
      # what bash itself makes of a line: "=" and ":" are words of their own
      read -ra COMP_WORDS <<< "$(sed 's/[=:]/ & /g' <<< "$line")"
      [[ $line == *' ' ]] && COMP_WORDS+=('')
      COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
      _coord
      printf '%s\\n' "\${COMPREPLY[@]}"`
    const ran = spawnSync('bash', ['--norc', '-c', run], { cwd: at.project, env: at.env, encoding: 'utf8' })
    expect(ran.stderr).toBe('')
    return ran.stdout.split('\n').filter((row) => row !== '')
  }
  inShell('bash')('bash', () => {
    expect(bash('coord cl')).toEqual(['claim'])
    expect(bash('coord claim r --project=d')).toEqual(['demo'])
    expect(bash('coord claim r --project my')).toEqual(['my\\ shop'])
    expect(bash('coord send --to FAR')).toEqual(['FAR/x'])
    expect(bash('coord queue ')).toEqual(expect.arrayContaining(['list', 'discard']))
    writeFileSync(join(at.project, 'a-file.txt'), '')
    expect(bash('coord guard check a-f')).toEqual(['a-file.txt'])
  })
  inShell('fish')('fish', () => {
    const fish = (line: string): string[] =>
      spawnSync(
        'fish',
        ['--no-config', '-c', `source '${script('coord.fish')}'; complete -C ${JSON.stringify(line)}`],
        {
          cwd: at.project,
          env: at.env,
          encoding: 'utf8',
        },
      )
        .stdout.split('\n')
        .filter((row) => row !== '')
        .map((row) => row.split('\t')[0] ?? '')
    expect(fish('coord cl')).toEqual(['claim'])
    expect(fish('coord queue ')).toEqual(expect.arrayContaining(['list', 'discard']))
    expect(fish('coord claim r --project d')).toEqual(['demo'])
    expect(fish('coord send --to FAR')).toEqual(['FAR/x'])
    expect(fish('coord guard check a-f')).toEqual(['a-file.txt'])
  })
  inShell('zsh')('zsh, at its prompt, by the Tab key', async () => {
    const child = spawn('script', ['-qefc', 'exec zsh -f -i', '/dev/null'], {
      cwd: at.project,
      env: { ...at.env, SHELL: '/bin/sh', TERM: 'xterm', ZDOTDIR: at.root },
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    let shown = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (shown += text))
    // eslint-disable-next-line no-control-regex -- escape sequences are what is looked for
    const plain = (): string => shown.replace(/\u001b(\[[0-9;?]*[A-Za-z]|[=>])|[\r\u0008]/g, '')
    const until = async (words: string): Promise<void> => expect.poll(plain).toContain(words)
    child.stdin.write(
      `PS1='> '; autoload -U compinit; compinit -u -D; source '${script('_coord')}'; echo rea''dy\n`,
    )
    await until('ready\n')
    for (const [typed, completed, printed] of [
      ['coord versi', 'version ', VERSION],
      ['coord completion fis', 'fish ', '# fish completion for coord'],
    ] as const) {
      child.stdin.write(typed)
      await until(typed)
      // more keys would be pending input, and then Tab is a Tab
      child.stdin.write('\t')
      await until(completed)
      child.stdin.write('\n')
      await until(printed)
    }
    child.stdin.end('exit\n')
    await new Promise((resolve) => child.once('close', resolve))
    expect(plain()).not.toContain('unknown')
  })
  inShell('pwsh')('PowerShell', () => {
    const run = `. '${script('coord.ps1')}'; (TabExpansion2 'coord cl' 8).CompletionMatches.CompletionText`
    const ran = spawnSync('pwsh', ['-NoProfile', '-Command', run], { env: at.env, encoding: 'utf8' })
    expect(ran.stdout.trim()).toBe('claim')
  })
})
