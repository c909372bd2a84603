import path from 'node:path'

/** The root of the checkout, seen from dist/. */
export const ROOT = path.resolve(import.meta.dirname, '../../..')

/** What operators start from. */
export const DEPLOY = path.join(ROOT, 'deploy')
