import type { Plugin } from 'vite'
import { inElement } from '../../../bench/report/html/in-element.ts'

const PAGE = 'index.html'

/**
 * Puts all parts of a page into the page itself. Behind a proxy the next request may go to a process of another version, which does not have the
 * files that this page would name.
 */
export function onePage(): Plugin {
  return {
    name: 'one-page',
    enforce: 'post',
    generateBundle(_options, bundle) {
      const page = bundle[PAGE]
      if (page?.type !== 'asset') throw new Error(`${PAGE} was not built`)
      for (const [name, part] of Object.entries(bundle)) {
        if (part === page) continue
        const [link, content] =
          part.type === 'chunk'
            ? [
                `<script type="module" crossorigin src="./${name}"></script>`,
                `<script type="module">${inElement(part.code)}</script>`,
              ]
            : [`<link rel="stylesheet" crossorigin href="./${name}">`, `<style>${part.source}</style>`]
        const html = `${page.source}`
        if (!html.includes(link)) throw new Error(`${PAGE} has no place for ${name}`)
        page.source = html.replace(link, () => content)
        delete bundle[name]
      }
    },
  }
}
