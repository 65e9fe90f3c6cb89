#!/usr/bin/env node
// `npm test`. Nothing but what any Node since 12 reads: see lib/need-node.cjs.
import needNode from './lib/need-node.cjs'

needNode.whenEnough(() => import('./main/test.mjs'))
