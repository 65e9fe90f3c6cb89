// The fonts of the pictures: Inter and DejaVu, from Debian's packages, and no other that this machine may have.
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const FONTS = [
  { folder: '/usr/share/fonts/opentype/inter', package: 'fonts-inter' },
  { folder: '/usr/share/fonts/truetype/dejavu', package: 'fonts-dejavu' },
]

/** Writes a fontconfig of their own into `dir`; gives the environment that a browser needs to follow it. */
export function pinFonts(dir) {
  const missing = FONTS.filter(({ folder }) => !existsSync(folder)).map((one) => one.package)
  if (missing.length > 0)
    throw new Error(`The fonts are missing: sudo apt-get install -y ${missing.join(' ')}`)
  const file = join(dir, 'fonts.conf')
  const alias = (family, to) =>
    `<alias><family>${family}</family><prefer><family>${to}</family></prefer></alias>`
  writeFileSync(
    file,
    `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>
${FONTS.map(({ folder }) => `<dir>${folder}</dir>`).join('')}<cachedir>${join(dir, 'cache')}</cachedir>
${alias('sans-serif', 'Inter')}${alias('system-ui', 'Inter')}${alias('monospace', 'DejaVu Sans Mono')}
<match target="font"><edit name="hinting" mode="assign"><bool>false</bool></edit><edit name="rgba" mode="assign"><const>none</const></edit></match>
</fontconfig>`,
  )
  return { FONTCONFIG_FILE: file }
}
