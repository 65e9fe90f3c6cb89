#!/usr/bin/env -S node --max-semi-space-size=4 --heap-growing-percent=50
// `coord` from a clone. Nothing but what any Node since 12 reads: see lib/need-node.cjs. The flags keep V8 from holding
// what a streamed backlog leaves behind (a million calls: see the README's bench).
import needNode from './lib/need-node.cjs'

needNode.whenEnough(() => import('./main/coord.mjs'))
