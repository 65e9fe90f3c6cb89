// Stands for the default_app that ships with Electron and that the wheel lacks: loads the
// application named on the command line (a folder, a .js file or an .asar), as `electron .` does.
'use strict'
require('./compat.js')
const fs = require('fs')
const path = require('path')
const Module = require('module')
const { app } = require('electron')

let target
const args = process.argv.slice(1)
for (let i = 0; i < args.length; i++) {
  if (args[i] === '-r' || args[i] === '--require') Module._load(path.resolve(args[++i]), module, false)
  else if (!args[i].startsWith('-')) {
    target = path.resolve(args[i])
    break
  }
}
if (target === undefined) {
  console.log(`Electron ${process.versions.electron}: no application given`)
  app.exit(1)
} else {
  let entry = target
  if (fs.statSync(target).isDirectory()) {
    // an .asar counts as a folder here
    const manifest = JSON.parse(fs.readFileSync(path.join(target, 'package.json'), 'utf8'))
    if (manifest.version) app.setVersion(manifest.version)
    app.name = manifest.productName || manifest.name || 'Electron'
    app.setDesktopName(manifest.desktopName || `${app.name}.desktop`)
    if (!app.commandLine.hasSwitch('user-data-dir'))
      app.setPath('userData', path.join(app.getPath('appData'), app.name))
    app.setAppPath(target)
    entry = path.join(target, manifest.main || 'index.js')
  } else {
    app.setAppPath(path.dirname(target))
  }
  Module._load(entry, Module, true)
}
