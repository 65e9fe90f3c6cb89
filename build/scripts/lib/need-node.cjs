// Which Node the scripts and `coord` need, and what an older one does: it hands over to the Node that came with
// `npm ci`, or says in one sentence what is needed. Everything here must be understood by any Node, so that none dies
// of the syntax of what comes after: no arrow, no const, no import.
'use strict'
var childProcess = require('child_process')
var fs = require('fs')
var path = require('path')

/** The oldest Node that will do (`devEngines` in package.json says the same). */
var WANTED = '22.22.2'

/** Whether version `given` is `wanted` or newer: `major.minor.patch`, numbers only. */
function isEnough(given, wanted) {
  var a = given.split('.').map(Number)
  var b = (wanted || WANTED).split('.').map(Number)
  for (var i = 0; i < 3; i++) if (a[i] !== b[i]) return a[i] > b[i]
  return true
}

/** The project's folder: the nearest upward whose package.json is ours, or null. */
function projectFolder() {
  for (var dir = __dirname; ; dir = path.dirname(dir)) {
    try {
      if (JSON.parse(fs.readFileSync(path.join(dir, 'package.json'), 'utf8')).name === 'coord-tray')
        return dir
    } catch (_) {
      // not here
    }
    if (path.dirname(dir) === dir) return null
  }
}

/** The Node that came with `npm ci`: `{ file, version }`, or null (no such package for this system, or not installed). */
function ownNode() {
  var system = { win32: 'win', linux: 'linux' }[process.platform]
  var root = projectFolder()
  if (!system || !root || process.arch !== 'x64') return null
  var dir = path.join(root, 'node_modules', 'node-' + system + '-x64')
  var file = path.join(dir, 'bin', system === 'win' ? 'node.exe' : 'node')
  if (!fs.existsSync(file)) return null
  return { file: file, version: JSON.parse(fs.readFileSync(path.join(dir, 'package.json'), 'utf8')).version }
}

/** Claude Code reports a hook that fails; one that cannot run must not stop the session. */
function isHook(args) {
  return args[0] === 'hook' && args[1] === 'run'
}

/** What to do about it: only a clone has a lock to install from, and the trial package's Electron is no Node to replace. */
function wayOut() {
  var root = projectFolder()
  if (process.versions.electron) return ': set COORD_NODE to a newer one'
  if (!root || !fs.existsSync(path.join(root, 'package-lock.json'))) return ': install a newer one'
  return (
    ': install a newer one, or run "npm ci" in ' + root + ', which brings one along on Linux and Windows x64'
  )
}

/** Says what is needed and ends the process: exit 1, a hook 0. */
function refuse(hook) {
  process.stderr.write(
    'Coord Tray needs Node ' +
      WANTED +
      ' or newer, and this is Node ' +
      process.versions.node +
      ' (' +
      process.execPath +
      ')' +
      wayOut() +
      '.\n'
  )
  process.exit(hook ? 0 : 1)
}

/** The arguments with which this very process was started, for another Node. */
function sameArguments() {
  return process.execArgv.concat(process.argv.slice(1))
}

/** The newer Node to hand over to, or null where this process may go on itself. Refuses where there is none. */
function successor(hook) {
  if (isEnough(process.versions.node)) return null
  // Electron as Node: the app's own executable, which is what it is.
  var own = process.versions.electron ? null : ownNode()
  if (own === null || !isEnough(own.version)) refuse(hook)
  return own.file
}

/**
 * Runs `go` where this Node will do; else the same command under the project's Node, signals and exit code included.
 * `hook`: this is one, whatever its arguments.
 */
function whenEnough(go, hook) {
  var isOne = hook || isHook(process.argv.slice(2))
  var file = successor(isOne)
  if (file === null) {
    go()
    return
  }
  var child = childProcess.spawn(file, sameArguments(), { stdio: 'inherit' })
  // The terminal's Ctrl-C reaches the child by itself; what is sent to this process alone is handed on.
  process.on('SIGINT', function () {})
  ;['SIGTERM', 'SIGHUP'].forEach(function (signal) {
    process.on(signal, function () {
      child.kill(signal)
    })
  })
  child.on('error', function (error) {
    process.stderr.write('could not start ' + file + ': ' + error.message + '\n')
    process.exit(isOne ? 0 : 1)
  })
  child.on('exit', function (code, signal) {
    if (signal) {
      process.removeAllListeners(signal)
      process.kill(process.pid, signal)
    } else process.exit(code)
  })
}

/** The same for a script that is already running: blocks until the other Node has ended. Returns where this one will do. */
function ensureNode() {
  var file = successor(false)
  if (file === null) return
  var done = childProcess.spawnSync(file, sameArguments(), { stdio: 'inherit' })
  if (done.signal) process.kill(process.pid, done.signal)
  process.exit(done.status === null ? 1 : done.status)
}

module.exports = {
  WANTED: WANTED,
  isEnough: isEnough,
  isHook: isHook,
  ownNode: ownNode,
  whenEnough: whenEnough,
  ensureNode: ensureNode,
}
