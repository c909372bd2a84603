/** The code of a script as it may stand in a page: nothing in it looks like the end of its element. */
export function inElement(code: string): string {
  return code.replace(/<\/(?=script)/gi, '<\\/').replaceAll('<!--', '<\\!--')
}
