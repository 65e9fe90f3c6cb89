/** Before the first story: all that stories run is built once, of these sources, and by nobody while others run it. */
import { buildParts } from '../lib/build-parts.mjs'

export default (): void => buildParts()
