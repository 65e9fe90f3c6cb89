export function buildParts(...parts: readonly ('cli' | 'main' | 'window')[]): void
