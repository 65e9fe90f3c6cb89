/** Copies text. Electron denies the clipboard permission like every other, so the old way is the second one. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    const area = document.createElement('textarea')
    area.value = text
    area.setAttribute('aria-hidden', 'true')
    area.className = 'hidden'
    const back = document.activeElement
    document.body.append(area)
    area.select()
    try {
      return document.execCommand('copy')
    } finally {
      area.remove()
      if (back instanceof HTMLElement) back.focus()
    }
  }
}
