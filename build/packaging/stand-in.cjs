'use strict'
// The entry where the package is tried with the older Electron of the package index: what that lacks, then the app.
require('./compat.cjs')
require('./main/main.cjs')
