// The sums that are published beside the packages.
import { createHash } from 'node:crypto'
import { createReadStream, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const sha256 = (file) =>
  new Promise((resolve, reject) => {
    const hash = createHash('sha256')
    createReadStream(file)
      .on('data', (bytes) => hash.update(bytes))
      .on('error', reject)
      .on('end', () => resolve(hash.digest('hex')))
  })

/** Writes SHA256SUMS of the files in `dir`, in the form that `sha256sum --check` reads. */
export async function writeSums(dir) {
  const names = readdirSync(dir)
    .filter((name) => name !== 'SHA256SUMS' && statSync(join(dir, name)).isFile())
    .sort()
  const lines = []
  for (const name of names) lines.push(`${await sha256(join(dir, name))}  ${name}\n`)
  writeFileSync(join(dir, 'SHA256SUMS'), lines.join(''))
  return names
}
