// Checks a coordination API on this machine against the protocol: node build/scripts/conformance.mjs http://HOST:PORT [--write]
import { runConformance } from '../../electron/api/conformance/suite.mjs'

const [base, ...flags] = process.argv.slice(2)
const usage = 'usage: conformance http://127.0.0.1:PORT [--write]   (a server on this machine only)'
const url = URL.canParse(base ?? '') ? new URL(base) : null
const isLoopback = url && /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname)
if (!isLoopback || !/^https?:$/.test(url.protocol) || flags.some((f) => f !== '--write')) {
  console.error(usage)
  process.exit(2)
}
let failed = 0
await runConformance(
  base.replace(/\/+$/, ''),
  flags.includes('--write'),
  (rule, problem) => {
    if (problem) failed++
    console.log(problem ? `FAIL  ${rule}: ${problem}` : `ok    ${rule}`)
  },
  (name, isThere) => console.log(`${isThere ? 'has ' : 'none'}  extension ${name}`),
)
process.exitCode = failed ? 1 : 0
