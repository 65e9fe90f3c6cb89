/** Git commands that throw work away, and variables and options that lead git elsewhere. */
import { describe, expect, it } from 'vitest'
import { lockRow } from '../../../shared/wire.ts'
import { DEFAULT_CONFIG } from './project-config.ts'
import { endangered, neededResources, type WorkTree, type WorkTrees } from './resources.ts'
import { shellTargets } from './shell-targets.ts'
import { POSIX, seen } from './testing/seen-targets.ts'

const ALL = '/w/app/ top ~'
const HERE = '/w/app/ ~'
const BRANCH = 'git:/w/app:HEAD'

describe('what git overwrites or removes is asked for, and not claimed', () => {
  it.each([
    ['git reset --hard', `${ALL}, ${BRANCH}`],
    ['git reset --hard origin/main', `${ALL}, ${BRANCH}`],
    ['git reset --merge', `${ALL}, ${BRANCH}`],
    ['git reset --soft HEAD~1', BRANCH],
    ['git reset HEAD~1', BRANCH],
    ['git stash -u', `${ALL}, ${BRANCH}`],
    ['git stash push', `${ALL}, ${BRANCH}`],
    ['git stash save wip', `${ALL}, ${BRANCH}`],
    ['git stash push -m wip a.ts src', `/w/app/a.ts/ ~, /w/app/src/ ~, ${BRANCH}`],
    ['git stash -- a.ts', `/w/app/a.ts/ ~, ${BRANCH}`],
    ['git stash pop', BRANCH],
    ['git stash list', ''],
    ['git checkout .', `${HERE}, ${BRANCH}`],
    ['git checkout -- .', `${HERE}, ${BRANCH}`],
    ['git checkout HEAD~1 -- :/', `${ALL}, ${BRANCH}`],
    ["git checkout -- '*.ts'", `${ALL}, ${BRANCH}`],
    ['git checkout -f main', `${ALL}, ${BRANCH}`],
    ['git checkout -b next', BRANCH],
    ['git checkout a.ts', `/w/app/a.ts/ ~, ${BRANCH}`],
    ['git checkout -- a.ts', '/w/app/a.ts/'],
    ['git switch main', BRANCH],
    ['git switch --discard-changes main', `${ALL}, ${BRANCH}`],
    ['git restore .', `${HERE}, ${BRANCH}`],
    ["git restore ':(glob)**/*.ts'", `${ALL}, ${BRANCH}`],
    ['git restore --staged .', ''],
    ['git restore a.ts', '/w/app/a.ts/'],
    ['git clean -fd', `${HERE}, ${BRANCH}`],
    ['git clean -f -e keep lib', `/w/app/lib/ ~, ${BRANCH}`],
    ['git clean -nfd', ''],
    ["git rm '*.log'", ALL],
    ['git checkout-index -fa', ''],
    ['git checkout-index -f -a', HERE],
    ['git read-tree -m -u HEAD', ALL],
    ['git worktree remove --force ../feat', '/w/feat/ ~'],
    ['git worktree remove ../feat', ''],
    ['cd src && git clean -f', '/w/app/src/ ~, git:/w/app/src:HEAD'],
    ['git -C /w/lib reset --hard', '/w/lib/ top ~, git:/w/lib:HEAD'],
  ])('%s', (text, expected) => {
    expect(seen(text)).toBe(expected)
  })
})

describe('where git works, by its variables and options', () => {
  it.each([
    ['GIT_DIR=/w/lib/.git git commit -m x', 'git:/w/lib:HEAD'],
    ['GIT_DIR=../lib/.git git push', 'git:/w/lib:HEAD'],
    ['env GIT_DIR=/w/lib/.git git commit', 'git:/w/lib:HEAD'],
    ['export GIT_DIR=/w/lib/.git; git commit', 'git:/w/lib:HEAD'],
    ["GIT_DIR=/w/lib/.git bash -c 'git commit'", 'git:/w/lib:HEAD'],
    ['git --git-dir=/w/lib/.git commit', 'git:/w/lib:HEAD'],
    ['git --git-dir /w/lib/.git commit', 'git:/w/lib:HEAD'],
    ['git -C ../lib --git-dir .git commit', 'git:/w/lib:HEAD'],
    ['GIT_DIR=/w/lib/.git git commit; git commit', 'git:/w/lib:HEAD, git:/w/app:HEAD'],
    ['GIT_DIR=/w/lib/.git; git commit', BRANCH],
    ['export GIT_DIR=/w/lib/.git; unset GIT_DIR; git commit', BRANCH],
    ['GIT_DIR= git status; git commit', BRANCH],
    ['(export GIT_DIR=/w/lib/.git); git commit', BRANCH],
    // what only the disk would tell
    ['GIT_DIR=/w/bare.git git push', '!unknown-folder'],
    ['GIT_DIR=/w/app/.git/worktrees/feat git commit', '!unknown-folder'],
    ['GIT_DIR="$D" git commit', '!unknown-folder'],
    ['GIT_DIR=/w/lib/.git; export GIT_DIR; git commit', '!unknown-folder'],
    ['if x; then export GIT_DIR=/w/lib/.git; fi; git commit', '!unknown-folder'],
    ['GIT_WORK_TREE="$D" git checkout -- a.ts', '!unknown-folder'],
    // files are those of the work tree
    ['GIT_WORK_TREE=/w/lib git checkout -- a.ts', '/w/lib/a.ts/'],
    ['GIT_WORK_TREE=/w/lib git clean -f', `/w/lib/ ~, ${BRANCH}`],
    ['GIT_DIR=/w/lib/.git GIT_WORK_TREE=/w/lib git reset --hard', '/w/lib/ top ~, git:/w/lib:HEAD'],
    ['git --work-tree=/w/lib --git-dir=/w/lib/.git reset --hard', '/w/lib/ top ~, git:/w/lib:HEAD'],
    ['cd src && GIT_WORK_TREE=/w/app git restore a.ts', '/w/app/src/a.ts/'],
    ['GIT_AUTHOR_NAME=me git commit', BRANCH],
  ])('%s', (text, expected) => {
    expect(seen(text)).toBe(expected)
  })
})

describe('locks that count for what is only asked for', () => {
  const tree: WorkTree = {
    top: '/w/app',
    project: 'app',
    branch: 'main',
    config: DEFAULT_CONFIG,
    fault: null,
  }
  const trees: WorkTrees = {
    find: () => tree,
    real: (path) => path,
    isFolder: (path) => /\/(?:app|src)$/.test(path),
    isThere: (path) => path !== '/w/app/deploy',
  }
  const needs = (text: string): string =>
    neededResources(shellTargets(text, POSIX).targets, trees)
      .map(({ resource, isOnlyAsked }) => resource + (isOnlyAsked ? ' asked' : ''))
      .join(', ')
  it.each([
    ['git reset --hard', '** asked, git:main'],
    ['cd src && git reset --hard', '** asked, git:main'],
    ['cd src && git clean -f', 'src/ asked, git:main'],
    ['git stash push a.ts', 'a.ts asked, git:main'],
    ['npx prettier --write a.ts', 'a.ts'],
    ['npx prettier --write src', 'src/ asked'],
    ["npx prettier --write 'src/*.ts'", 'src/*.ts/ asked'],
    // what one part of a call works on is claimed, whatever another asks for
    ['git stash push a.ts; rm a.ts', 'a.ts, git:main'],
    ['rm a.ts; git stash push a.ts', 'a.ts, git:main'],
  ])('%s: %s', (text, expected) => {
    expect(needs(text)).toBe(expected)
  })
  it('are those of files that are there: a name that is no file stands in no way', () => {
    const locks = ['deploy', 'a.ts', 'src/', '*.sql'].map((resource, id) =>
      lockRow.parse({ id, session_id: 'FAR/x', project_key: 'app', resource }),
    )
    const counted = (isOnlyAsked: boolean): unknown =>
      endangered({ project: 'app', resource: '**', tree, named: '', isOnlyAsked }, locks, trees).map(
        ({ resource }) => resource,
      )
    expect(counted(true)).toEqual(['a.ts', 'src/', '*.sql'])
    expect(counted(false)).toHaveLength(4)
  })
})
