#!/usr/bin/env node
// `npm start`. Nothing but what any Node since 12 reads: see lib/need-node.cjs.
import needNode from './lib/need-node.cjs'

needNode.whenEnough(() => import('./main/start.mjs'))
