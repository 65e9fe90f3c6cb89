#!/usr/bin/env node
// `npm run test:torture`: SIGKILLs at random instants while calls are sent and foreign writers append.
// 127.0.0.1 and temp folders only; ends by itself; `-- --help` says how to make it shorter.
import { ensureNode } from '../scripts/lib/need-node.cjs'

ensureNode()
await import('./torture/run.ts')
