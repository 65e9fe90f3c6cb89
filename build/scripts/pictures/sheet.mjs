// Pictures side by side on one sheet, half their size, each with what it shows.
/* global document, Image -- in the page */
import { toPng8 } from './png8.mjs'

const html = (shots) => `<!doctype html><style>
  body{margin:0;padding:12px;width:1236px;background:#c9ccd3;font:11px/15px Inter;color:#16181d;display:flex;flex-wrap:wrap;gap:12px;align-items:flex-start}
  figure{margin:0} figcaption{padding-bottom:3px} img{display:block}
</style>${shots
  .map(
    ({ caption, width, png }) =>
      `<figure><figcaption>${caption}</figcaption><img width="${width / 2}" src="data:image/png;base64,${png.toString('base64')}"></figure>`,
  )
  .join('')}`

/** The sheet of these shots (caption, width in px, png), as the bytes of a PNG. */
export async function sheetOf(browser, shots) {
  const page = await browser.newPage({ viewport: { width: 1260, height: 800 } })
  await page.setContent(html(shots))
  await page.waitForFunction(() => [...document.images].every((one) => one.complete && one.naturalWidth > 0))
  const whole = await page.locator('body').screenshot()
  const { width, height, base64 } = await page.evaluate(
    async (src) => {
      const picture = new Image()
      picture.src = src
      await picture.decode()
      const canvas = document.createElement('canvas')
      canvas.width = picture.width
      canvas.height = picture.height
      const pen = canvas.getContext('2d')
      pen.drawImage(picture, 0, 0)
      const { data } = pen.getImageData(0, 0, canvas.width, canvas.height)
      let text = ''
      for (let i = 0; i < data.length; i += 32_768)
        text += String.fromCharCode(...data.subarray(i, i + 32_768))
      return { width: canvas.width, height: canvas.height, base64: btoa(text) }
    },
    `data:image/png;base64,${whole.toString('base64')}`,
  )
  await page.close()
  return toPng8(Buffer.from(base64, 'base64'), width, height)
}
