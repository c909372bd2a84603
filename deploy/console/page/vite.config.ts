import path from 'node:path'
import { defineConfig } from 'vite'
import { onePage } from './one-page.ts'

/** Builds the console: one page with all that it is made of. */
export default defineConfig({
  root: import.meta.dirname,
  base: './',
  plugins: [onePage()],
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: path.join(import.meta.dirname, '../../../dist/deploy/console/page'),
    emptyOutDir: true,
    modulePreload: false,
    target: ['es2022', 'chrome110', 'firefox115', 'safari16'],
  },
})
