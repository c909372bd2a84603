import path from 'node:path'
import { defineConfig } from 'vite'

/** Builds the console: files with a digest in their names, for everybody to keep, and one page that names them. */
export default defineConfig({
  root: import.meta.dirname,
  base: '/console/',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: path.join(import.meta.dirname, '../../../dist/deploy/console/page'),
    emptyOutDir: true,
    // Nothing may stand in the page itself: its policy allows files only.
    assetsInlineLimit: 0,
    modulePreload: false,
    target: ['es2022', 'chrome110', 'firefox115', 'safari16'],
  },
})
