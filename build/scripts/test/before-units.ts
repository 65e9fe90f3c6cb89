/** Before the first unit test: what runs `coord` as a process runs the built one, which must be of these sources. */
import { buildParts } from '../lib/build-parts.mjs'

export default (): void => buildParts('cli')
