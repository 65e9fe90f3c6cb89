/** Eighty tool calls and what each needs; the disk is a table. */
import { describe, expect, it } from 'vitest'
import { DEFAULT_CONFIG, readProjectConfig, type ProjectConfig } from './project-config.ts'
import { neededResources, type WorkTree, type WorkTrees } from './resources.ts'
import { toolTargets } from './tool-targets.ts'

const config: ProjectConfig = {
  ...DEFAULT_CONFIG,
  commands: [
    { pattern: 'ssh *deploy*', resource: 'deploy' },
    { pattern: 'npm run migrate*', resource: 'schema' },
  ],
}
const tree = (
  top: string,
  project: string,
  branch: string | null,
  more: Partial<WorkTree> = {},
): WorkTree => ({
  top,
  project,
  branch,
  config,
  fault: null,
  ...more,
})
const TREES = [
  tree('/w/app', 'app', 'main'),
  tree('/w/app/.claude/worktrees/feat', 'app', 'feat'),
  tree('/w/app/vendor/sub', 'sub', 'main'),
  tree('/w/detached', 'app', null),
  tree('/w/off', 'off', 'main', { config: { ...config, guard: 'off' } }),
  tree('/w/broken', 'broken', 'main', { fault: { code: 'schema', field: 'guard', detail: '' } }),
]
const LINKS: readonly (readonly [string, string])[] = [
  ['/w/link', '/w/app'],
  ['/w/app/out', '/tmp/out'],
  ['/w/into', '/w/app/vendor/sub'],
  ['/w/app/inner', '/w/app/vendor/sub'],
]
const FOLDERS = new Set(['/w/app', '/w/app/src', '/w/app/docs', '/w/app/vendor/sub'])
const trees: WorkTrees = {
  find: (path) =>
    TREES.filter((t) => path === t.top || path.startsWith(`${t.top}/`)).sort(
      (a, b) => b.top.length - a.top.length,
    )[0] ?? null,
  // name by name, as a kernel does
  real: (path) =>
    path.split('/').reduce((at, name) => {
      if (name === '' || name === '..') return name === '' ? at : at.slice(0, at.lastIndexOf('/'))
      const next = `${at}/${name}`
      return LINKS.find(([from]) => from === next)?.[1] ?? next
    }, ''),
  isFolder: (path) => FOLDERS.has(path),
  isThere: () => true,
}
function needs(tool: string, input: Record<string, unknown>, folder = '/w/app'): string {
  const { targets } = toolTargets(tool, input, { folder, style: 'posix', home: '/home/me' })
  return neededResources(targets, trees)
    .map((n) => `${n.project}:${n.resource}${n.isOnlyAsked ? '~' : ''}`)
    .join(' ')
}

describe('what a tool call needs', () => {
  it.each([
    ['Edit', '/w/app/src/a.ts', 'app:src/a.ts'],
    ['Write', '/w/app/new.ts', 'app:new.ts'],
    ['MultiEdit', '/w/app/src/a.ts', 'app:src/a.ts'],
    ['Write', 'src/relative.ts', 'app:src/relative.ts'],
    ['Write', '/w/app/src/../b.ts', 'app:b.ts'],
    ['Write', '/w/link/src/a.ts', 'app:src/a.ts'],
    ['Write', '/w/app/out/x.bin', ''],
    ['Write', '/w/app/re\u0301sume\u0301.md', 'app:r\u00e9sum\u00e9.md'],
    ['Write', '/tmp/x', ''],
    ['Write', '/home/me/.bashrc', ''],
    ['Write', '/w/app/.claude/worktrees/feat/src/a.ts', 'app:src/a.ts'],
    ['Write', '/w/app/vendor/sub/a.c', 'sub:a.c'],
    ['Write', '/w/off/a.ts', ''],
    ['Write', '/w/broken/a.ts', ''],
    ['Write', '/w/app/.claude/coord-queue.jsonl', ''],
    ['Write', '/w/app/.claude/.coord-outbox/x', ''],
    ['Write', '/w/app/.claude/settings.json', 'app:.claude/settings.json'],
    ['Write', '/w/app/.git/config', ''],
    ['Read', '/w/app/a.ts', ''],
    ['Glob', '/w/app', ''],
  ])('%s %s → %s', (tool, path, expected) => {
    expect(needs(tool, { file_path: path })).toBe(expected)
  })
  it('NotebookEdit names its notebook in a field of its own', () => {
    expect(needs('NotebookEdit', { notebook_path: '/w/app/n.ipynb' })).toBe('app:n.ipynb')
  })
  it.each([{}, { file_path: 7 }, { file_path: '' }, { file_path: null }])(
    'a call without a path needs nothing: %j',
    (input) => {
      expect(needs('Write', input)).toBe('')
    },
  )
  it.each([
    ['rm a.ts', 'app:a.ts'],
    ['rm -rf src', 'app:src/'],
    // `..` behind a link is taken off what it leads to; of a `cd` it is taken off the name
    ['rm src/../b.ts', 'app:b.ts'],
    ['rm /w/into/../a.ts', 'app:vendor/a.ts'],
    ['cp /tmp/x /w/into/../sub/b.c', 'sub:b.c'],
    ['cd /w/into && rm ../a.ts', 'app:vendor/a.ts'],
    ['cd /w/into/../app && rm a.ts', 'app:a.ts'],
    ['tee out/../a.ts', ''],
    ['rm -rf .', 'app:**~'],
    ['mv a.ts src/', 'app:a.ts app:src/a.ts'],
    ['rm src/*.ts', 'app:src/*.ts'],
    ['echo x >> a.ts; echo y >> a.ts', 'app:a.ts'],
    ['cd .claude/worktrees/feat && git commit -m x', 'app:git:feat'],
    ['git commit -am x && git push', 'app:git:main'],
    ['git push origin release', 'app:git:release'],
    ['git -C /w/app/vendor/sub commit -m x', 'sub:git:main'],
    ['git -C /w/detached commit -m x', ''],
    ['git -C /tmp commit', ''],
    ['git status', ''],
    ["ssh prod './deploy.sh now'", 'app:deploy'],
    ['ssh prod uptime', ''],
    ['FOO=1 npm run migrate:up', 'app:schema'],
    ['sudo npm run migrate', 'app:schema'],
    ['cd /tmp && ssh prod deploy', ''],
    ['echo \'{"method":"PUT"}\' >> .claude/coord-queue.jsonl', ''],
    ['cat a.ts | grep x', ''],
    ['make > /dev/null', ''],
    ['cp a.ts src', 'app:src/a.ts'],
    ['cp a.ts new', 'app:new'],
    ['mv a.ts vendor/sub', 'app:a.ts sub:a.ts'],
    ['rm -rf src/*', 'app:src/**'],
    ['rm -rf s*', 'app:s*/'],
    ['git mv a.ts src', 'app:a.ts app:src/a.ts'],
    ['git mv docs src', 'app:docs/ app:src/docs'],
    ['git mv a.ts b.ts src', 'app:a.ts app:b.ts app:src/a.ts app:src/b.ts'],
    // of a link its own name is removed, moved or made, and what it leads to is written
    ['rm out', 'app:out'],
    ['rm -rf out', 'app:out'],
    ['rm -rf /w/link', ''],
    ['rm /w/link/a.ts', 'app:a.ts'],
    ['unlink /w/into', ''],
    ['rm -r inner', 'app:inner'],
    ['mv inner docs', 'app:inner app:docs/inner'],
    ['mv a.ts inner', 'app:a.ts sub:a.ts'],
    ['git mv out docs/out', 'app:out app:docs/out'],
    ['ln -sfn lib inner', 'app:inner'],
    ['ln -sfT ../x out', 'app:out'],
    ['echo x > inner/a.c', 'sub:a.c'],
    // a whole work tree is asked for and not claimed, however it is spelt; its top is no file
    ['rm -rf ./*', 'app:**~'],
    ['rm -rf /w/app', 'app:**~'],
    ['touch .', ''],
    ['echo x > ""', ''],
    ['rm "" a.ts', 'app:a.ts'],
    // what one pattern or a variable finds goes into a folder under its own name
    ['cp ../x/*.ts .', 'app:*.ts'],
    ['cp ../x/[ab].ts src', 'app:src/?.ts'],
    ['mv docs/*.md src', 'app:docs/*.md/ app:src/*.md/'],
    ['ln -s ../x/*.ts src', 'app:src/*.ts'],
    ['cp ../x/*.ts new', 'app:new'],
    ['cp "$FILE" .', ''],
    ['cp "$FILE" src', ''],
    ['cp "$FILE" new.ts', 'app:new.ts'],
    ['mv "$FILE" .', ''],
    ['git restore .', 'app:**~ app:git:main'],
    ['env -C /w/app/vendor/sub rm a.c', 'sub:a.c'],
  ])('Bash %s → %s', (command, expected) => {
    expect(needs('Bash', { command })).toBe(expected)
  })
  it.each(['command', 'input', 'patch'])(
    'apply_patch, as Codex calls it, with its patch in "%s"',
    (field) => {
      const patch = '*** Begin Patch\n*** Update File: src/a.ts\n*** Add File: b.ts\n*** End Patch'
      expect(needs('apply_patch', { [field]: patch })).toBe('app:src/a.ts app:b.ts')
    },
  )
  it.each([
    ['Monitor', { command: 'tail -f x > src/log' }, 'app:src/log'],
    ['PowerShell', { command: 'Set-Content src/a.ts x' }, 'app:src/a.ts'],
    ['shell', { command: ['bash', '-lc', "echo 'a' > b.ts"] }, 'app:b.ts'],
    ['shell', { command: ['rm', "it's"] }, "app:it's"],
    ['Bash', { command: 7 }, ''],
    ['Bash', { command: [7] }, ''],
    ['Agent', { command: 'rm a.ts' }, ''],
    ['constructor', { command: 'rm a.ts' }, ''],
  ])('every tool that runs a command is read: %s %j', (tool, input, expected) => {
    expect(needs(tool, input)).toBe(expected)
  })
})

describe('what a tool call needs, on Windows', () => {
  const trees: WorkTrees = {
    find: (path) =>
      path.startsWith('C:/w/app/') || path === 'C:/w/app' ? tree('C:/w/app', 'app', 'main') : null,
    real: (path) => path,
    isFolder: (path) => path === 'C:/w/app/src',
    isThere: () => true,
  }
  const needed = (tool: string, input: Record<string, unknown>): string => {
    const facts = { folder: 'C:/w/app', style: 'windows', home: 'C:/Users/me' } as const
    return neededResources(toolTargets(tool, input, facts).targets, trees)
      .map((n) => `${n.project}:${n.resource}${n.isOnlyAsked ? '~' : ''}`)
      .join(' ')
  }
  it.each([
    ['Write', { file_path: 'C:\\w\\app\\src\\a.ts' }, 'app:src/a.ts'],
    ['Write', { file_path: 'c:/w/app/src/a.ts' }, 'app:src/a.ts'],
    ['Edit', { file_path: '\\\\?\\C:\\w\\app\\a.ts' }, 'app:a.ts'],
    ['Edit', { file_path: 'D:\\w\\app\\a.ts' }, ''],
    ['NotebookEdit', { notebook_path: 'C:\\w\\app\\n.ipynb' }, 'app:n.ipynb'],
    ['Bash', { command: 'rm -rf /c/w/app/src' }, 'app:src/'],
    ['Bash', { command: 'cp a.ts src' }, 'app:src/a.ts'],
    ['PowerShell', { command: 'Remove-Item .\\src -Recurse' }, 'app:src/'],
    ['PowerShell', { command: 'Copy-Item a.ts src' }, 'app:src/a.ts'],
    ['PowerShell', { command: 'git commit -m x; ssh prod ./deploy.sh' }, 'app:git:main app:deploy'],
  ])('%s %j → %s', (tool, input, expected) => {
    expect(needed(tool, input)).toBe(expected)
  })
})

describe('.claude/coord.json', () => {
  it.each([
    ['{}', { project: null, guard: 'block', commands: [] }],
    ['\uFEFF{"project":"gururmm","guard":"warn"}', { project: 'gururmm', guard: 'warn', commands: [] }],
    [
      '{"commands":{"ssh *":"prod"}}',
      { project: null, guard: 'block', commands: [{ pattern: 'ssh *', resource: 'prod' }] },
    ],
  ])('%s', (text, value) => {
    expect(readProjectConfig(text)).toEqual({ ok: true, value })
  })
  it.each([
    ['{', 'not-json', ''],
    ['[]', 'schema', ''],
    ['{"guard":"on"}', 'schema', 'guard'],
    ['{"gaurd":"off"}', 'schema', ''],
    ['{"commands":{"a":""}}', 'schema', 'commands.a'],
    ['{"project":" "}', 'schema', 'project'],
  ])('%s is a fault, with its field', (text, code, field) => {
    expect(readProjectConfig(text)).toMatchObject({ ok: false, error: { code, field } })
  })
})
