/** With this in its environment a hook only says that it is there: doctor asks so. */
export const PROBE = 'COORD_HOOK_PROBE'
export const PROBE_ANSWER = 'coord hook is here'
