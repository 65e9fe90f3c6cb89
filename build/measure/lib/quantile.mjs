// The quantile that the rows of calls and processes show: of a sorted list, the value behind the first share of it.

export const quantile = (sorted, share) =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]
