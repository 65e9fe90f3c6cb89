export function toPng8(rgba: Uint8Array, width: number, height: number): Buffer
