/** More commands as sessions write them, by kind: each kind was once read as another file, or not at all. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ShellFacts } from './read-shell.ts'
import type { Shell } from './script-within.ts'
import { shellTargets } from './shell-targets.ts'

const POSIX: ShellFacts = { folder: '/w/app', style: 'posix', home: '/home/me' }
const WINDOWS: ShellFacts = { folder: 'C:/w/app', style: 'windows', home: 'C:/Users/me' }

/** Files with `/` behind a tree, `?` behind a pattern, `|name` where a folder means that file in it; `git:…`, `!cause`. */
function seen(text: string, facts = POSIX, shell: Shell = 'bash'): string {
  const { targets, unread } = shellTargets(text, facts, shell)
  return [
    ...targets.flatMap((t) =>
      t.kind === 'path'
        ? [
            t.path +
              (t.isTree ? '/' : '') +
              (t.isPattern ? ' ?' : '') +
              (t.orInside === undefined ? '' : `|${t.orInside}`),
          ]
        : t.kind === 'git'
          ? [`git:${t.folder}:${t.branch ?? 'HEAD'}`]
          : [],
    ),
    ...unread.map((u) => `!${u.cause}`),
  ].join(', ')
}

describe('shell commands by kind', () => {
  it.each([
    // a script behind a wrapper
    ["sudo bash -c 'rm x'", '/w/app/x'],
    ["time nohup sh -c 'rm x'", '/w/app/x'],
    ["env A=b timeout 5 bash -euo pipefail -c 'cd src && rm x'", '/w/app/src/x'],
    ["find . -name a -exec sh -c 'rm y' \\;", '/w/app/y'],
    ["xargs -I{} sh -c 'rm y'", '/w/app/y'],
    ["sudo su me -c 'rm x'", '/w/app/x'],
    ['flock /tmp/l rm x', '/w/app/x'],
    ["flock /tmp/l -c 'rm x'", '/w/app/x'],
    ["trap 'rm x' EXIT", '/w/app/x'],
    ["command eval 'cd src'; rm x", '/w/app/src/x'],
    ['bash <<EOF\nrm x\nEOF', '/w/app/x'],
    ["bash <<< 'rm x'", '/w/app/x'],
    ["echo 'rm x' | bash", '/w/app/x'],
    ["cat <<'EOF' | sh -s\nrm x\nEOF", '/w/app/x'],
    ['ssh host bash <<EOF\nrm x\nEOF', ''],
    // a wrapper with nothing behind it runs nothing
    ['env | grep X', ''],
    ['exec > log.txt 2>&1', '/w/app/log.txt'],
    ['command -v rm', ''],
    ['sudo -i', ''],
    ['time (rm x)', '/w/app/x'],
    ['! rm x', '/w/app/x'],
    // what a wrapper is given
    ['sudo -nu root A=b rm x', '/w/app/x'],
    ['env -C lib rm x', '/w/app/lib/x'],
    ['env --chdir=/other rm x', '/other/x'],
    ['env -C "$D" rm x', '!unknown-folder'],
    ['sudo -D lib rm x', '/w/app/lib/x'],
    ['nice -n5 ionice -c2 rm x', '/w/app/x'],
    ['taskset 1 rm x', '/w/app/x'],
    ['busybox rm x', '/w/app/x'],
    // a place that is held for a name is no name
    ['ls *.o | xargs -I{} mv {} out/', '!names-from-input'],
    ['ls *.o | xargs -I % cp % %.bak', '!names-from-input'],
    ['ls | xargs -0n1 rm -f', '!names-from-input'],
    // letters that stand together, and values that are glued
    ["perl -i -pe 's/a/b/' x.ts", '/w/app/x.ts'],
    ["perl -pi.bak -e 's/a/b/' x.ts", '/w/app/x.ts'],
    ["perl -0pi -e 's/a/b/' x.ts", '/w/app/x.ts'],
    ["sed -ni 's/a/b/p' x.ts", '/w/app/x.ts'],
    ["sed -Ei.old 's/a/b/' x.ts", '/w/app/x.ts'],
    ["sed -i '' 's/a/b/' x.ts", '/w/app/x.ts'],
    ["sed -i '' -e 's/a/b/' x.ts", '/w/app/x.ts'],
    ["sed -i -re 's/a/b/' x.ts", '/w/app/x.ts'],
    ["sed -ie 's/a/b/' x.ts", '/w/app/x.ts'],
    ["sed --in-place --expression='s/a/b/' x.ts", '/w/app/x.ts'],
    ["sed -n '1,5p' -s x.ini", ''],
    ['cp -rt lib a b', '/w/app/lib/a/, /w/app/lib/b/'],
    ['cp --target-directory=lib a', '/w/app/lib/a'],
    ['truncate -s0 x', '/w/app/x'],
    ['touch -r ref x', '/w/app/x'],
    ['install -Dm644 a lib/b', '/w/app/lib/b|a'],
    ['install -d out/bin', ''],
    // several things go into a folder, one thing under its name or into the folder
    ['cp a.ts b.ts lib', '/w/app/lib/a.ts, /w/app/lib/b.ts'],
    ['cp src/a.ts lib', '/w/app/lib|a.ts'],
    ['mv src/a.ts lib', '/w/app/src/a.ts/, /w/app/lib/|a.ts'],
    ['cp -T a lib', '/w/app/lib'],
    ['cp *.ts lib/', '/w/app/lib/*.ts ?'],
    ['cp -a src copy', '/w/app/copy/|src'],
    ['ln -s ../x/y', '/w/app/y'],
    ['ln -sf ../x/y z', '/w/app/z|y'],
    // redirections
    ['make >& log', '/w/app/log'],
    ['make 2>err >&1', '/w/app/err'],
    ['make >&-', ''],
    ['exec 3>&1', ''],
    ['make >&$fd', ''],
    ['> x', '/w/app/x'],
    [': >| x', '/w/app/x'],
    ['make 2>&1 | tee -a log.txt', '/w/app/log.txt'],
    ['tee >(grep x > y) z', '/w/app/y, /w/app/z'],
    ['while read l; do echo $l; done < in > out', '/w/app/out'],
    ['case x in a) rm a;; *) rm b;; esac', '/w/app/a, /w/app/b'],
    ["alias rm='rm -i'", ''],
    ['coproc rm x', '/w/app/x'],
    // patterns in the two signs that a lock has
    ['rm src/[ab].ts', '/w/app/src/[ab].ts, /w/app/src/?.ts ?'],
    ['rm !(keep).ts', '/w/app/!(keep).ts, /w/app/*.ts ?'],
    ['rm -rf src/*', '/w/app/src/*/ ?'],
    // programs with a file behind an option
    ['curl -sSLo a.tgz http://127.0.0.1/x', '/w/app/a.tgz'],
    ['wget -O a.tgz http://127.0.0.1/x', '/w/app/a.tgz'],
    ['sort -u -o names.txt names.txt', '/w/app/names.txt'],
    ['curl -s http://127.0.0.1/x', ''],
    // patches
    ['patch -d lib -p1 <<EOF\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\nEOF', '/w/app/lib/x'],
    ['patch -p2 <<EOF\n--- a/top/x\n+++ b/top/x\nEOF', '/w/app/x'],
    ['git apply --directory=lib <<EOF\n--- a/x\n+++ b/x\nEOF', '/w/app/lib/x'],
    [
      "git apply <<'EOF'\n--- a/q.sql\n+++ b/q.sql\n@@ -1,2 +0,0 @@\n--- drop it\n-select 1\nEOF",
      '/w/app/q.sql',
    ],
    ["git apply <<'EOF'\ndiff --git a/x b/y\nrename from x\nrename to y\nEOF", '/w/app/x, /w/app/y'],
    ["git apply <<'EOF'\ndiff --git a/x b/x\nold mode 100644\nnew mode 100755\nEOF", '/w/app/x'],
    ["cat <<'EOF' | git apply\n--- a/x\n+++ b/x\nEOF", '/w/app/x'],
    ["apply_patch '*** Begin Patch\n*** Update File: x\n*** End Patch'", '/w/app/x'],
    ['git apply --check fix.patch', ''],
    // git
    ['git commit -am x', 'git:/w/app:HEAD'],
    ['git commit -m --dry-run', 'git:/w/app:HEAD'],
    ['git stash pop', 'git:/w/app:HEAD'],
    ['git stash push -m show', 'git:/w/app:HEAD'],
    ['git worktree add ../feat -b feat', ''],
    ['git checkout HEAD~1 src/x.ts', '/w/app/src/x.ts/'],
    ['git checkout -b next origin/main', 'git:/w/app:HEAD'],
    ['git checkout .', 'git:/w/app:HEAD'],
    ['git checkout -- .', 'git:/w/app:HEAD'],
    ['git restore .', 'git:/w/app:HEAD'],
    ['git restore -s HEAD~1 x.ts', '/w/app/x.ts/'],
    ['git clean -fdx', 'git:/w/app:HEAD'],
    ['git clean -nd', ''],
    ['git branch -D old', 'git:/w/app:old'],
    ['git branch -f main HEAD', 'git:/w/app:main'],
    ['git branch -m old new', 'git:/w/app:old'],
    ['git branch new', ''],
    ['git branch --list', ''],
    ['git push origin a HEAD:b', 'git:/w/app:a, git:/w/app:b'],
    ['git push origin :old', 'git:/w/app:old'],
    ['git update-ref refs/heads/main HEAD~1', 'git:/w/app:main'],
    ['git --work-tree /other checkout -- x', '/other/x/'],
    ['/usr/bin/git commit -m x', 'git:/w/app:HEAD'],
    ['git push --tags', ''],
    ['git push --tags origin main', 'git:/w/app:main'],
    ['git reset HEAD -- a.ts', ''],
    // a `cd` that may not have happened
    ['if [ -d x ]; then cd x; rm a; fi; rm b', '/w/app/x/a, !unknown-folder'],
    ['test -d x && cd x; rm y', '!unknown-folder'],
    ['test -d x && cd x && rm y', '/w/app/x/y'],
    ['cd x && make; rm y', '/w/app/x/y'],
    ['cd x || exit 1\nrm y', '/w/app/x/y'],
    ['cd a || cd b; rm y', '!unknown-folder'],
    ['for d in a b; do cd $d; done; rm /w/y', '/w/y'],
    ['f() { cd x; rm a; }; rm b', '/w/app/x/a, !unknown-folder'],
    ['if true; then rm a; fi; rm b', '/w/app/a, /w/app/b'],
    // what a program does by itself is not read, and is no fault
    ['make', ''],
    ['npm version patch', ''],
    // PowerShell within
    ["pwsh -NoProfile -Command 'Remove-Item x'", '/w/app/x'],
    ["powershell.exe -c 'Set-Content x y'", '/w/app/x'],
  ])('%s', (text, expected) => {
    expect(seen(text)).toBe(expected)
  })
})

describe('PowerShell commands', () => {
  it.each([
    ['Set-Content -Path a.txt -Value x', 'C:/w/app/a.txt'],
    ["'x' | Out-File src\\a.txt", 'C:/w/app/src/a.txt'],
    ['"x" | Add-Content "a b.txt"', 'C:/w/app/a b.txt'],
    ["@'\nrm -rf x\n'@ | Set-Content a.txt", 'C:/w/app/a.txt'],
    ['Get-Content a.txt', ''],
    ['echo x > a.txt', 'C:/w/app/a.txt'],
    ['dotnet build *> log.txt', 'C:/w/app/log.txt'],
    ['dotnet build 2>&1 > $null', ''],
    ['Remove-Item -Recurse -Force src, docs', 'C:/w/app/src/, C:/w/app/docs/'],
    ['rm -r -fo build', 'C:/w/app/build/'],
    ['del *.obj', 'C:/w/app/*.obj ?'],
    ['Move-Item a.ts lib\\b.ts', 'C:/w/app/a.ts/, C:/w/app/lib/b.ts/|a.ts'],
    ['ren src\\a.ts b.ts', 'C:/w/app/src/a.ts/, C:/w/app/src/b.ts/|a.ts'],
    ['Copy-Item -Destination out -Path a.ts -Recurse', 'C:/w/app/out/|a.ts'],
    ['New-Item -ItemType File -Path src -Name x.ts', 'C:/w/app/src/x.ts'],
    ['New-Item -ItemType Directory src2', ''],
    ['Get-ChildItem *.obj | Remove-Item', '!names-from-input'],
    ['Remove-Item (Get-ChildItem *.obj)', '!expansion'],
    ['Remove-Item $file', '!expansion'],
    ['Remove-Item x -WhatIf', ''],
    ['Remove-Item Env:FOO', ''],
    ['cd src; Remove-Item x', 'C:/w/app/src/x'],
    ['Set-Location C:\\other && Remove-Item x', 'C:/other/x'],
    ['Push-Location src; Pop-Location; Remove-Item x', '!unknown-folder'],
    ['if ($x) { cd src; del a }; del b', 'C:/w/app/src/a, !unknown-folder'],
    ['if (Test-Path x) { Remove-Item x } else { Remove-Item y }', 'C:/w/app/x, C:/w/app/y'],
    ['foreach ($f in 1..3) { Add-Content log.txt $f }', 'C:/w/app/log.txt'],
    ['$x = Set-Content a.txt y', 'C:/w/app/a.txt'],
    ['[System.IO.File]::WriteAllText("a.txt", "x")', '!expansion'],
    ['Invoke-WebRequest http://127.0.0.1/x -OutFile a.zip', 'C:/w/app/a.zip'],
    ['git commit -m "a; b" # and more', 'git:C:/w/app:HEAD'],
    ['git -C C:\\lib push origin main', 'git:C:/lib:main'],
    ['& git checkout main', 'git:C:/w/app:HEAD'],
    ['& $tool x', '!expansion'],
    ['$a.b; $c', ''],
    ['git fetch && git merge x', 'git:C:/w/app:HEAD'],
    ["bash -c 'rm x'", 'C:/w/app/x'],
    ['Remove-Item `\n  x', 'C:/w/app/x'],
    ["Write-Host 'unterminated", '!syntax'],
    ['Write-Output "it costs $5"; ls', ''],
    ['', ''],
  ])('%s', (text, expected) => {
    expect(seen(text, WINDOWS, 'powershell')).toBe(expected)
  })
})

it('PowerShell, too, is read without a throw, whatever the text', () => {
  const piece = fc.oneof(
    fc.string({ maxLength: 12 }),
    fc.constantFrom(
      'rm ',
      ' > ',
      '$(',
      ')',
      '{',
      '}',
      '@"\n',
      '\n"@',
      '"',
      "'",
      '`',
      '$x ',
      '@(',
      '<#',
      '& ',
      '-Path ',
      ', ',
    ),
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), (parts) => {
      expect(Array.isArray(shellTargets(parts.join(''), WINDOWS, 'powershell').targets)).toBe(true)
    }),
    { numRuns: 2000 },
  )
})
