/** What a notification server makes of a body's text. */

/** Linux servers read the body as markup: a `<` or `&` of a message would be a tag, or blank the body. */
export const toBody = (text: string, platform: NodeJS.Platform): string =>
  platform === 'linux' ? text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;') : text
