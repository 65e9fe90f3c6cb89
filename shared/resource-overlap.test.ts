import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { resourcesOverlap } from './resource-overlap.ts'

describe('two resources overlap', () => {
  it.each([
    ['src/a.ts', 'src/a.ts', true],
    ['src/a.ts', 'src/b.ts', false],
    ['src/', 'src/a.ts', true],
    ['src/', 'src/deep/a.ts', true],
    ['src/', 'src', true],
    ['src/', 'srcs/a.ts', false],
    ['src/', 'src/lib/', true],
    ['src/lib/', 'src/', true],
    ['src/**', 'src/a/b.ts', true],
    ['src/**/x.ts', 'src/x.ts', true],
    ['**', 'anything/at/all', true],
    ['**', 'git:main', false],
    ['git:main', 'git:main', true],
    ['git:*', 'git:main', true],
    ['*.sql', 'a.sql', true],
    ['*.sql', 'db/a.sql', false],
    ['src/*.ts', 'src/a*', true],
    ['src/*.ts', 'src/*.js', false],
    ['src/?.ts', 'src/ab.ts', false],
    ['a*c', 'ab*', true],
    ['./src/a.ts', 'src/a.ts', true],
    ['src/./a.ts', 'src/a.ts', true],
    ['src//a.ts', 'src/a.ts', true],
    ['src/a.ts/.', 'src/a.ts', true],
    ['/src/a.ts', 'src/a.ts', true],
    ['src//a.ts', 'src/b.ts', false],
    ['a.b/.c', 'a.b/c', false],
    ['a..b', 'a.b', false],
    ['../a.ts', 'a.ts', false],
    ['re\u0301sume\u0301.md', 'r\u00e9sum\u00e9.md', true],
    ['SRC/a.ts', 'src/a.ts', false],
    ['', '', true],
  ])('%s and %s: %s', (a, b, expected) => {
    expect(resourcesOverlap(a, b)).toBe(expected)
    expect(resourcesOverlap(b, a)).toBe(expected)
  })

  const name = fc.stringMatching(/^[ab*?]{1,3}$/)
  const resource = fc
    .tuple(fc.array(fc.oneof(name, fc.constant('**')), { minLength: 1, maxLength: 4 }), fc.boolean())
    .map(([names, isFolder]) => names.join('/') + (isFolder ? '/' : ''))

  it('is symmetric, and reflexive', () => {
    fc.assert(
      fc.property(resource, resource, (a, b) => {
        expect(resourcesOverlap(a, a)).toBe(true)
        expect(resourcesOverlap(a, b)).toBe(resourcesOverlap(b, a))
      }),
    )
  })

  it('always where one path is matched by both, as a plain matcher says', () => {
    const path = fc
      .array(fc.stringMatching(/^[ab]{1,2}$/), { minLength: 1, maxLength: 4 })
      .map((n) => n.join('/'))
    const toRegExp = (r: string): RegExp => {
      const names = (r.endsWith('/') ? `${r}**` : r).split('/')
      const source = names
        .map((n) => (n === '**' ? '(?:/[^/]+)*' : `/${n.replaceAll('*', '[^/]*').replaceAll('?', '[^/]')}`))
        .join('')
      return new RegExp(`^${source}$`)
    }
    fc.assert(
      fc.property(resource, resource, path, (a, b, p) => {
        fc.pre(toRegExp(a).test(`/${p}`) && toRegExp(b).test(`/${p}`))
        expect(resourcesOverlap(a, b)).toBe(true)
      }),
      { numRuns: 300 },
    )
  })
})
