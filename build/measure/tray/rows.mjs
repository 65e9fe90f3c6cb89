// A tray row as the bench prints it.

export const rowOf = (what, measured, beside, ratio, budget, isMet) => ({
  what,
  measured,
  beside,
  ratio,
  budget: `${budget}: ${isMet ? 'met' : 'NOT MET'}`,
})

export const inSeconds = (ms) => `${(ms / 1000).toFixed(2)} s`
