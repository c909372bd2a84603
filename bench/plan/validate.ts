import type { Static, TSchema } from '@sinclair/typebox'
import { type ValueError, ValueErrorType } from '@sinclair/typebox/errors'
import { Value } from '@sinclair/typebox/value'
import { nearest } from '../../cluster/nearest.ts'
import { PlanError } from './plan-error.ts'

const SHOWN_CHARACTERS = 60

/**
 * Takes a value as what the schema says.
 * @param where what the value is called, like `phases[2]`; empty for the whole
 * @throws PlanError that names the first thing wrong, what it was, and what would be right
 */
export function validated<T extends TSchema>(schema: T, value: unknown, where: string): Static<T> {
  const error = Value.Errors(schema, value).First()
  if (error === undefined) return value as Static<T>
  throw new PlanError(wordsOf(error, where))
}

function wordsOf(error: ValueError, where: string): string {
  const path = pathOf(where, error.path)
  switch (error.type) {
    case ValueErrorType.ObjectAdditionalProperties: {
      const known = Object.keys(error.schema['properties'] ?? {})
      return unknownName(path, error.path.split('/').at(-1) ?? '', known)
    }
    case ValueErrorType.ObjectRequiredProperty:
      return `${path} is missing: must be ${expectedOf(error)}`
    default:
      return `${path || 'the plan'} is ${shown(error.value)}: must be ${expectedOf(error)}`
  }
}

/** Says that a name is not known, and which one may be meant. */
export function unknownName(path: string, name: string, known: readonly string[]): string {
  const near = nearest(name, known)
  return `${path} is not known; ${near === undefined ? `there are ${known.join(', ')}` : `did you mean ${near}?`}`
}

function expectedOf({ schema, message }: ValueError): string {
  return typeof schema['expected'] === 'string' ? schema['expected'] : message.replace(/^Expected /, '')
}

/** `/phases/2/rate` as people write it: `phases[2].rate`. */
function pathOf(where: string, pointer: string): string {
  const parts = pointer.split('/').slice(1).map(unescaped)
  return parts.reduce(
    (path, part) => (/^\d+$/.test(part) ? `${path}[${part}]` : path === '' ? part : `${path}.${part}`),
    where,
  )
}

function unescaped(part: string): string {
  return part.replaceAll('~1', '/').replaceAll('~0', '~')
}

/** A wrong value, cut to what fits into a message. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}...` : text
}
