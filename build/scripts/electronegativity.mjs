#!/usr/bin/env node
// Runs Electronegativity, a scanner for Electron programs, on the sources: `npm run security`. Each finding must stand in
// electron/desktop/ELECTRONEGATIVITY.md with its reason, and each reason there must still have its finding.
// The scanner is fetched from npm at one version into the cache folder: it is no part of the project.
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from './lib/freshness.mjs'
import { ensureNode } from './lib/need-node.cjs'
import { npmTool } from './lib/npm-tool.mjs'

ensureNode()
const VERSION = '1.10.3'
const SCANNED = ['electron', 'renderer', 'shared', 'package.json']
/** Asks GitHub for Electron's releases; which version we have and why is said in SECURITY.md, item 16. */
const NOT_RUN = 'AvailableSecurityFixesGlobalCheck'
/** It looks for a newer list of releases all the same, and on Node 24 it dies of the answer's absence. */
const NO_NETWORK = `data:text/javascript,${encodeURIComponent(
  `import https from 'node:https'; https.request = () => { throw new Error('no network here') }`,
)}`
const REASONS = 'electron/desktop/ELECTRONEGATIVITY.md'
const say = (text) => process.stdout.write(`${text}\n`)

const tool = npmTool('@doyensec/electronegativity', VERSION)

/** One line of the scanner's CSV: fields apart by commas, texts in quotes, quotes in texts doubled. */
const fieldsOf = (line) =>
  [...line.matchAll(/(?:^|,)\s*("(?:[^"]|"")*"|[^,]*)/g)].map(([, field]) =>
    field.replace(/^"|"$/g, '').replaceAll('""', '"').trim(),
  )

function scan() {
  const work = mkdtempSync(join(tmpdir(), 'coord-scan-'))
  try {
    for (const name of SCANNED) cpSync(join(root, name), join(work, 'src', name), { recursive: true })
    const out = join(work, 'out.csv')
    const cli = join(tool, 'dist/index.js')
    const args = ['--import', NO_NETWORK, cli, '-i', join(work, 'src'), '-o', out, '-x', NOT_RUN]
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
    if (status !== 0 || !existsSync(out))
      throw new Error(`the scanner failed (${status}): ${stderr}${stdout}`)
    const unread = /(\d+) (?:files? )?(?:could not|failed)[^\n]*/i.exec(stdout)
    if (unread) throw new Error(unread[0])
    const [head, ...lines] = readFileSync(out, 'utf8').trim().split('\n')
    if (!head.startsWith('issue, severity'))
      throw new Error(`the scanner's answer has another shape: ${head}`)
    return lines.filter(Boolean).map((line) => {
      const [issue, severity, confidence, file, at, , text] = fieldsOf(line)
      const where = file.replace(`${join(work, 'src')}/`, '')
      return { key: `${issue} ${where}`, text: `${severity}/${confidence} ${issue} ${where}:${at} ${text}` }
    })
  } finally {
    rmSync(work, { recursive: true })
  }
}

const reasons = new Map(
  readFileSync(join(root, REASONS), 'utf8')
    .split('\n')
    .flatMap((line) => {
      const cells = line.split('|').map((cell) => cell.trim().replaceAll('`', ''))
      return /^[A-Z_]+_CHECK$/.test(cells[1] ?? '') && cells[3] ? [[`${cells[1]} ${cells[2]}`, cells[3]]] : []
    }),
)
const findings = scan()
const unexplained = findings.filter(({ key }) => !reasons.has(key))
const gone = [...reasons.keys()].filter((key) => !findings.some((finding) => finding.key === key))
for (const { key, text } of findings) say(`${reasons.has(key) ? 'known' : 'NEW  '} ${text}`)
for (const key of gone) say(`GONE  ${key}: take its reason out of ${REASONS}`)
say(`Electronegativity ${VERSION}: ${findings.length} findings, ${unexplained.length} without a reason`)
process.exitCode = unexplained.length + gone.length > 0 ? 1 : 0
