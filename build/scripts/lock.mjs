#!/usr/bin/env node
// Takes `engines` out of package-lock.json; run it after a dependency was added or updated.
//
// `npm ci` compares each package's `engines` with the Node that npm itself runs on, and warns. Nothing here runs on that
// one: the scripts take the Node that `npm ci` brings with it (lib/need-node.cjs). The comparison that counts, with the
// oldest Node that the scripts accept and with the one that comes along, is made by lock.test.ts on what is installed.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const file = fileURLToPath(new URL('../../package-lock.json', import.meta.url))
const lock = JSON.parse(readFileSync(file, 'utf8'))
for (const entry of Object.values(lock.packages)) delete entry.engines
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`)
