#!/usr/bin/env node
// Prints the Debian packages that Electron links to on this Debian.
import { electronPackages } from './lib/runtime.mjs'
console.log(electronPackages().join(' '))
