/** Which files, branches and commands a shell command touches, without running it. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { shellTargets } from './shell-targets.ts'
import { POSIX, seenPaths as seen, WINDOWS } from './testing/seen-targets.ts'

describe('files that a shell command writes', () => {
  it.each([
    // redirections
    ['echo x > a.txt', '/w/app/a.txt'],
    ['echo x >> ../b.txt', '/w/b.txt'],
    ['echo x >| "a b.txt"', '/w/app/a b.txt'],
    ['make &> out.log', '/w/app/out.log'],
    ['make > out.log 2>&1', '/w/app/out.log'],
    ['make > /dev/null 2> /dev/null', ''],
    ['cat < in.txt', ''],
    ['cat <<EOF > a.txt\nrm -rf /\nEOF', '/w/app/a.txt'],
    ["cat > $'a\\tb' <<< x", '/w/app/a\tb'],
    ['{ echo a; echo b; } > both.txt', '/w/app/both.txt'],
    ['for f in a b; do echo $f; done >> all.txt', '/w/app/all.txt'],
    // writers
    ['tee -a a.txt b.txt', '/w/app/a.txt, /w/app/b.txt'],
    ['cat x | tee a.txt | wc -l', '/w/app/a.txt'],
    ["sed -i 's/a/b/' src/x.ts src/y.ts", '/w/app/src/x.ts, /w/app/src/y.ts'],
    ["sed -i.bak -e 's/a/b/' x.ts", '/w/app/x.ts'],
    ["sed 's/a/b/' x.ts", ''],
    ["perl -pi -e 's/a/b/' x.ts", '/w/app/x.ts'],
    ['mv a.ts b.ts', '/w/app/a.ts/, /w/app/b.ts/'],
    ['mv a.ts b.ts lib/', '/w/app/a.ts/, /w/app/b.ts/, /w/app/lib/a.ts/, /w/app/lib/b.ts/'],
    ['mv -t lib a.ts', '/w/app/a.ts/, /w/app/lib/a.ts/'],
    ['cp a.ts b.ts', '/w/app/b.ts'],
    ['cp -r src/ copy', '/w/app/copy/'],
    ['rm a.ts', '/w/app/a.ts'],
    ['rm -rf build dist', '/w/app/build/, /w/app/dist/'],
    ['rm -- -odd', '/w/app/-odd'],
    ['rm src/*.ts', '/w/app/src/*.ts ?'],
    ['rm "src/*.ts"', '/w/app/src/*.ts'],
    ['touch a && truncate -s 0 b', '/w/app/a, /w/app/b'],
    ['dd if=a of=b bs=1', '/w/app/b'],
    ['patch -p1 <<EOF\n--- a/src/x.ts\n+++ b/src/x.ts\n@@ -1 +1 @@\n-a\n+b\nEOF', '/w/app/src/x.ts'],
    ["git apply <<'EOF'\n--- a/x\n+++ b/y\nEOF", '/w/app/x, /w/app/y'],
    ['git apply fix.patch', '!patch-from-file'],
    ['patch < fix.patch', '!patch-from-file'],
    [
      "apply_patch <<'EOF'\n*** Begin Patch\n*** Update File: src/z.ts\n*** End Patch\nEOF",
      '/w/app/src/z.ts',
    ],
    // where
    ['cd src && rm x.ts', '/w/app/src/x.ts'],
    ['cd /other; rm x.ts', '/other/x.ts'],
    ['(cd src; rm x.ts); rm y.ts', '/w/app/src/x.ts, /w/app/y.ts'],
    ['cd "$D" && rm x.ts', '!unknown-folder'],
    ['cd "$D" && rm /abs/x.ts', '/abs/x.ts'],
    ['cd && rm x', '/home/me/x'],
    ['cd - ; rm x', '!unknown-folder'],
    ['rm ~/notes.txt', '/home/me/notes.txt'],
    ['rm ./a/../b//c.ts', '/w/app/b/c.ts'],
    // wrappers
    ['env A=b rm x', '/w/app/x'],
    ['A=b rm x', '/w/app/x'],
    ['sudo -u root rm x', '/w/app/x'],
    ['timeout 5 rm x', '/w/app/x'],
    ['nohup nice -n 5 rm x', '/w/app/x'],
    ['/bin/rm x', '/w/app/x'],
    ['find . -name "*.o" | xargs rm -f', '!names-from-input'],
    ['xargs -n 1 rm -f a', '/w/app/a, !names-from-input'],
    ['find . -name "*.o" -delete', '!names-found'],
    ['find . -exec rm {} \\;', '!names-found'],
    ['find . -name x', ''],
    // scripts within
    ["bash -c 'rm x'", '/w/app/x'],
    ["bash -lc 'cd src && rm x'; rm y", '/w/app/src/x, /w/app/y'],
    ["eval 'cd src'; rm x", '/w/app/src/x'],
    ['bash -c "$CMD"', '!expansion'],
    ['echo $(rm x)', '/w/app/x'],
    ['diff <(sort a) <(tee b)', '/w/app/b'],
    ['if true; then rm x; else rm y; fi', '/w/app/x, /w/app/y'],
    ['f() { rm x; }; f', '/w/app/x'],
    // not known
    ['rm $FILE', '!expansion'],
    ['echo x > $OUT', '!expansion'],
    ['rm {a,b}.ts', '/w/app/a.ts, /w/app/b.ts'],
    ['$CMD x', '!expansion'],
    ['echo "unterminated', '!syntax'],
    [')))', '!syntax'],
    ['', ''],
    ['ls -la; grep -r x .', ''],
  ])('%s', (text, expected) => {
    expect(seen(text)).toBe(expected)
  })

  it.each([
    ['rm src\\\\x.ts', 'C:/w/app/src/x.ts'],
    ['rm /c/w/app/x.ts', 'C:/w/app/x.ts'],
    ["rm 'c:\\w\\app\\x.ts'", 'C:/w/app/x.ts'],
  ])('on Windows: %s', (text, expected) => {
    expect(seen(text, WINDOWS)).toBe(expected)
  })

  it('scripts within scripts are followed to a depth, and beyond it said', () => {
    let text = 'rm x'
    for (let i = 0; i < 8; i++) text = `eval ${JSON.stringify(text)}`
    expect(seen(text)).toBe('!too-deep')
  })
})

describe('branches that git moves', () => {
  it.each([
    ["git commit -m 'x && rm y'", 'git:/w/app:HEAD'],
    ['git -C ../lib commit -am x', 'git:/w/lib:HEAD'],
    ['git -C "$D" commit', '!unknown-folder'],
    ['git push', 'git:/w/app:HEAD'],
    ['git push origin main', 'git:/w/app:main'],
    ['git push -u origin HEAD:refs/heads/next', 'git:/w/app:next'],
    ['git push --dry-run', ''],
    ['git stash', '/w/app/ top ~, git:/w/app:HEAD'],
    ['git stash list', ''],
    ['git checkout main', '/w/app/main/ ~, git:/w/app:HEAD'],
    ['git checkout -- a.ts', '/w/app/a.ts/'],
    ['git restore a.ts', '/w/app/a.ts/'],
    ['git restore --staged a.ts', ''],
    ['git rm --cached a.ts', ''],
    ['git mv a.ts b.ts', '/w/app/a.ts/, /w/app/b.ts/'],
    ['git reset --hard HEAD~1', '/w/app/ top ~, git:/w/app:HEAD'],
    ['git status; git log -3; git add .; git diff', ''],
    ['git --no-pager -c a.b=c rebase main', 'git:/w/app:HEAD'],
    ['cd lib && git commit -m x', 'git:/w/app/lib:HEAD'],
  ])('%s', (text, expected) => {
    expect(seen(text)).toBe(expected)
  })
})

describe('commands that a project may name', () => {
  const commands = (text: string): readonly string[] =>
    shellTargets(text, POSIX).targets.flatMap((t) => (t.kind === 'command' ? [t.text] : []))
  it('are given as their words, and without what wraps them', () => {
    expect(commands("ssh prod 'sudo ./deploy.sh'")).toEqual(['ssh prod sudo ./deploy.sh'])
    expect(commands('env A=b npm run migrate')).toEqual(['env A=b npm run migrate', 'npm run migrate'])
    expect(commands('cd x && npm run deploy | cat')).toEqual(['cd x', 'npm run deploy', 'cat'])
  })
})

it('never throws and never takes long, whatever the text', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          fc.string({ maxLength: 12 }),
          fc.constantFrom(
            'rm ',
            ' > ',
            '$(',
            ')',
            '"',
            "'",
            '<<E\n',
            '\nE\n',
            '`',
            '&& ',
            '| ',
            'cd ',
            'git -C ',
            '{',
            '}',
            'bash -c ',
          ),
        ),
        { maxLength: 20 },
      ),
      (parts) => {
        expect(Array.isArray(shellTargets(parts.join(''), POSIX).targets)).toBe(true)
      },
    ),
    { numRuns: 500 },
  )
})
