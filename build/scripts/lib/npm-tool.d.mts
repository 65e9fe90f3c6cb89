/** The folder of the package, fetched once into the cache. */
export function npmTool(name: string, version: string): string
