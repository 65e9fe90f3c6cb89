/** Programs that write files by themselves: what their words name is judged, what they do not name is said. */
import { describe, expect, it } from 'vitest'
import { unreadText } from './guard-words.ts'
import { shellTargets } from './shell-targets.ts'
import { POSIX, seen } from './testing/seen-targets.ts'

describe('a program that rewrites the files that it is given', () => {
  it.each([
    // formatters and linters that mend
    ['prettier --write src/a.ts b.md', '/w/app/src/a.ts/ ~/, /w/app/b.md/ ~/'],
    ['npx prettier -w src', '/w/app/src/ ~/'],
    ["prettier --config x.json --write 'src/**/*.{ts,tsx}' '!src/gen'", '/w/app/src/**/*.*/ ? ~/'],
    ['prettier --check .', ''],
    ['./node_modules/.bin/prettier --write a.ts', '/w/app/a.ts/ ~/'],
    ['npm exec -- prettier --write a.ts', '/w/app/a.ts/ ~/'],
    ['pnpm exec eslint --fix a.ts', '/w/app/a.ts/ ~/'],
    ['eslint --fix', '/w/app/ ~/'],
    ['eslint --fix --ext .ts -c e.js src', '/w/app/src/ ~/'],
    ['eslint src', ''],
    ['stylelint --fix a.css', '/w/app/a.css/ ~/'],
    ['biome check --write', '/w/app/ ~/'],
    ['biome check a.ts', ''],
    ['ruff check --fix a.py', '/w/app/a.py/ ~/'],
    ['ruff format', '/w/app/ ~/'],
    ['ruff format --check', ''],
    ['python3 -m black -l 100 a.py', '/w/app/a.py/ ~/'],
    ['uv run black a.py', '/w/app/a.py/ ~/'],
    ['black --check a.py', ''],
    ['isort a.py', '/w/app/a.py/ ~/'],
    ['gofmt -w a.go', '/w/app/a.go/ ~/'],
    ['gofmt a.go', ''],
    ['rustfmt a.rs', '/w/app/a.rs/ ~/'],
    ['cargo fmt', '/w/app/ ~/'],
    ['clang-format -i a.c', '/w/app/a.c/ ~/'],
    ['shfmt -w a.sh', '/w/app/a.sh/ ~/'],
    ['cd lib && terraform fmt', '/w/app/lib/ ~/'],
    ['prettier --write $FILES', '!expansion'],
    ['git ls-files | xargs prettier --write', '!names-from-input'],
    ['find . -name "*.ts" -exec npx eslint --fix {} +', '!names-found'],
    // in place
    ["awk -i inplace '{print}' a.txt b.txt", '/w/app/a.txt, /w/app/b.txt'],
    ['gawk -i inplace -v x=1 -f p.awk y=2 a.txt', '/w/app/a.txt'],
    ["awk '{print}' a.txt", ''],
    ["ruby -pi -e 'x' a.rb", '/w/app/a.rb'],
    ["perl -i -pe 's/a/b/' x.ts", '/w/app/x.ts'],
    ["perl -pe 's/a/b/' x.ts", ''],
    ['sort a | sponge a', '/w/app/a'],
    ['ed -s a.txt <<< "1d"', '/w/app/a.txt'],
    ["yq -i '.a = 1' x.yml", '/w/app/x.yml/ ~/'],
    ["yq '.a' x.yml", ''],
    ['sd a b x.ts y.ts', '/w/app/x.ts/ ~/, /w/app/y.ts/ ~/'],
    ['sd -p a b x.ts', ''],
    // rsync
    ['rsync -a src/ lib', '/w/app/lib/ ~/'],
    ['rsync -a src lib', '/w/app/lib/|src ~/'],
    ['rsync -a a.ts b.ts lib/', '/w/app/lib/a.ts/ ~/, /w/app/lib/b.ts/ ~/'],
    ['rsync -av --exclude .git src/ host:/srv/', ''],
    ['rsync -av -e ssh host:/srv/ lib', '/w/app/lib/ ~/'],
    ['rsync -n src/ lib', ''],
    ['rsync --remove-source-files a host:/srv/', '/w/app/a/ ~/'],
    // archives
    ['tar czf out.tgz src', '/w/app/out.tgz'],
    ['tar -c -f out.tar src', '/w/app/out.tar'],
    ['tar tzf in.tgz', ''],
    ['tar xzf in.tgz -C lib', '!own-files'],
    ['unzip in.zip', '!own-files'],
    // a program in the command
    ["python3 - <<'EOF'\nopen('a.ts','w')\nEOF", '!program'],
    ["python3 <<'EOF'\nopen('a.ts','w')\nEOF", '!program'],
    [`python3 -c "open('a.ts','w')"`, '!program'],
    ['node -e "fs.writeFileSync()"', '!program'],
    ["cat <<'EOF' | node\nx\nEOF", '!program'],
    ["ruby -e 'x'", '!program'],
    ["php -r 'x;'", '!program'],
    // an awk that prints into files of its own, and one that compares or prints to a device
    [`awk '{ print > "out.txt" }' in`, '!program'],
    [`gawk '{ print >> ($1 ".txt") }' in`, '!program'],
    [`mawk '{ print > $1 ".txt" }' in`, '!program'],
    [`awk '$1 > 5 && $2 > $3' in`, ''],
    [`awk '{ print "x" > "/dev/stderr" }' in`, ''],
    // an editor that is given its commands
    ["ex -sc '%s/a/b/|wq' a.ts", '/w/app/a.ts'],
    ['vim -es +wq a.ts', '/w/app/a.ts'],
    ["nvim --headless -c '%s/a/b/' -c wq a.ts b.ts", '/w/app/a.ts, /w/app/b.ts'],
    ['vim -R a.ts', ''],
    // a project's own programs, as its package manager runs them
    ['yarn prettier --write a.ts', '/w/app/a.ts/ ~/'],
    ['yarn run eslint --fix src', '/w/app/src/ ~/'],
    ['pnpm eslint --fix a.ts', '/w/app/a.ts/ ~/'],
    ['bun run prettier -w a.ts', '/w/app/a.ts/ ~/'],
    ['pnpm rimraf lib', '/w/app/lib/'],
    ['npx --yes prettier@3 --write a.ts', '/w/app/a.ts/ ~/'],
    ['npx @biomejs/biome@2.1 check --write src', '/w/app/src/ ~/'],
    ['bundle exec rubocop -A lib', '/w/app/lib/ ~/'],
    ['deno fmt a.ts', '/w/app/a.ts/ ~/'],
    ['deno fmt --check a.ts', ''],
    ['npx oxlint --fix', '/w/app/ ~/'],
    ['yarn add prettier', ''],
    ['yarn run build', ''],
    ['python3 build.py', ''],
    ['python3 --version', ''],
    ["python3 tool.py <<'EOF'\nx\nEOF", ''],
    ['node server.js', ''],
  ])('%s', (text, expected) => {
    expect(seen(text)).toBe(expected)
  })
})

describe('why a part of a command is not judged is said as it is', () => {
  const said = (text: string): string => unreadText(shellTargets(text, POSIX).unread) ?? ''
  it.each([
    ['git apply fix.patch', 'the patch is in a file'],
    ['git apply < fix.patch', 'the patch is in a file'],
    ['patch -p1 < fix.patch', 'the patch is in a file'],
    ['patch -i fix.patch', 'the patch is in a file'],
    ['git diff HEAD~1 | git apply -R', 'the patch comes from its input'],
    ['curl -s http://127.0.0.1/x | patch -p1', 'the patch comes from its input'],
    ['git apply -', 'the patch comes from its input'],
    ['find . -name "*.o" -delete', 'file names are found while it runs'],
    ['find . -exec rm {} +', 'file names are found while it runs'],
    ['find . | xargs rm', 'file names come from its input'],
    ['tar xf a.tar', 'a program that it runs names its files by itself'],
    ['python3 -c "x"', 'a program stands in it, and what that writes is not known'],
  ])('%s: %s', (text, expected) => {
    expect(said(text)).toBe(`Not guarded in part: ${expected}.`)
  })
})
