// How large the window's bundle is as it is sent.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'

/** The files that the page leads to, itself or by the others: a build leaves those of the one before for a while. */
function filesOf(dir, html) {
  const assets = readdirSync(join(dir, 'assets'))
  const found = new Set()
  const follow = (text) => {
    for (const file of assets.filter((one) => !found.has(one) && text.includes(one))) {
      found.add(file)
      follow(readFileSync(join(dir, 'assets', file), 'utf8'))
    }
  }
  follow(html)
  return [...found].map((file) => join('assets', file))
}

/** What the page asks for before it draws, and everything, in bytes as they are sent with gzip. */
export function bundleSizes(dir) {
  const sizeOf = (file) => gzipSync(readFileSync(join(dir, file)), { level: 9 }).length
  const html = readFileSync(join(dir, 'index.html'), 'utf8')
  const first = [...html.matchAll(/(?:src|href)="\.\/([^"]+)"/g)].map(([, file]) => file)
  const all = filesOf(dir, html)
  const sum = (files) => files.reduce((total, file) => total + sizeOf(file), sizeOf('index.html'))
  return { first: sum(first), all: sum(all) }
}
