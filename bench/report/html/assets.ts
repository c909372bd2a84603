import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { inElement } from './in-element.ts'

/** What a report brings along, so that it needs nothing from anywhere. */
export interface Assets {
  readonly css: string
  /** The plotting library and the page's own script, as texts of classic scripts. */
  readonly scripts: readonly string[]
}

/** The modules of the page, each after those that it imports. */
const MODULES = ['../units.js', 'theme.js', 'plot-parts.js', 'plot-options.js', 'plots.js', 'main.js']

const STYLES = ['colours.css', 'parts.css', 'style.css']

/** Reads what a report brings along from where the packages and the build have it. */
export function readAssets(): Assets {
  const plotting = path.dirname(createRequire(import.meta.url).resolve('uplot'))
  const page = path.resolve(import.meta.dirname, '../page')
  const read = (folder: string, file: string) => readFileSync(path.join(folder, file), 'utf8')
  const modules = MODULES.map((file) => withoutModuleSyntax(read(page, file)))
  return {
    css: [read(plotting, 'uPlot.min.css'), ...STYLES.map((file) => read(page, file))].join('\n'),
    scripts: [read(plotting, 'uPlot.iife.min.js'), `'use strict';\n{\n${modules.join('\n')}}\n`].map(
      inElement,
    ),
  }
}

/**
 * Modules that follow one another in one script need no imports and exports. A name that two of them have is a syntax error in
 * the page, which its test sees.
 */
function withoutModuleSyntax(code: string): string {
  return code
    .replace(/^import [^;]*;$/gm, '')
    .replace(/^export (?=(?:async )?(?:function|class|const|let) )/gm, '')
    .replace(/^export \{\};?$/gm, '')
    .replace(/^\/\/# sourceMappingURL=.*$/gm, '')
    .trim()
}
