import { types } from 'node:util'
import { Binary } from 'mongodb'

/** What documents are compared by: within one field all values are of one kind. */
type Comparable = string | number | undefined

/** Tells whether a document is wanted. */
export type Matcher = (document: object) => boolean

type Check = (value: Comparable) => boolean

/** The bytes of an id, as text that sorts as they do. */
export function keyOf({ buffer, position }: Binary): string {
  return Buffer.from(buffer.buffer, buffer.byteOffset, position).toString('latin1')
}

/** Makes a matcher of a filter as the driver takes it. @throws Error for an operator that the store did not use so far */
export function matcherOf(filter: object): Matcher {
  const checks = Object.entries(filter).map(([field, condition]) => [field, checkOf(condition)] as const)
  return (document) => checks.every(([field, check]) => check(comparable(Reflect.get(document, field))))
}

/** Sorts documents in place by some fields, 1 up and -1 down. */
export function sortBy<T extends object>(documents: T[], order: object): T[] {
  const fields: [string, number][] = Object.entries(order)
  return documents.sort((a, b) => {
    for (const [field, direction] of fields) {
      const by = compare(comparable(Reflect.get(a, field)), comparable(Reflect.get(b, field)))
      if (by !== 0) return by * direction
    }
    return 0
  })
}

/** The document as an update leaves it. @throws Error for an operator that the store did not use so far */
export function updated<T extends object>(document: T, update: object): T {
  let next: object = document
  for (const [operator, changes] of Object.entries(update))
    for (const [path, operand] of Object.entries(changes))
      next = withField(next, path, changeOf(operator, operand))
  return next as T
}

function checkOf(condition: unknown): Check {
  const operators = operatorsOf(condition)
  if (operators === undefined) {
    const wanted = comparable(condition)
    return (value) => value === wanted
  }
  const [[operator, operand] = []] = operators
  if (operator === '$exists') return (value) => (value !== undefined) === operand
  const checks = operators.map(([operator, operand]) => operatorCheck(operator, operand))
  return (value) => value !== undefined && checks.every((check) => check(value))
}

function operatorsOf(condition: unknown): [string, unknown][] | undefined {
  if (typeof condition !== 'object' || condition === null) return undefined
  const entries = Object.entries(condition)
  return entries.some(([key]) => key.startsWith('$')) ? entries : undefined
}

function operatorCheck(operator: string, operand: unknown): Check {
  if (operator === '$in' && Array.isArray(operand)) {
    const wanted = new Set(operand.map(comparable))
    return (value) => wanted.has(value)
  }
  const bound = comparable(operand)
  switch (operator) {
    case '$gt':
      return (value) => compare(value, bound) > 0
    case '$gte':
      return (value) => compare(value, bound) >= 0
    case '$lt':
      return (value) => compare(value, bound) < 0
    case '$lte':
      return (value) => compare(value, bound) <= 0
    default:
      throw new Error(`the simulated database has no ${operator}`)
  }
}

function changeOf(operator: string, operand: unknown): (value: unknown) => unknown {
  switch (operator) {
    case '$set':
      return () => operand
    case '$unset':
      return () => undefined
    case '$max':
      return (value) => (compare(comparable(value), comparable(operand)) < 0 ? operand : value)
    case '$inc':
      return (value) => Number(value ?? 0) + Number(operand)
    default:
      throw new Error(`the simulated database has no ${operator}`)
  }
}

function withField(document: object, path: string, change: (value: unknown) => unknown): object {
  const [field = '', ...rest] = path.split('.')
  const current: unknown = Reflect.get(document, field)
  const inner = typeof current === 'object' && current !== null ? current : {}
  const value = rest.length === 0 ? change(current) : withField(inner, rest.join('.'), change)
  const next = { ...document }
  if (value === undefined) Reflect.deleteProperty(next, field)
  else Reflect.set(next, field, value)
  return next
}

function comparable(value: unknown): Comparable {
  if (value === undefined || typeof value === 'number' || typeof value === 'string') return value
  if (value instanceof Binary) return keyOf(value)
  if (types.isDate(value)) return value.getTime()
  return JSON.stringify(value)
}

/** What is not there comes before everything. */
function compare(a: Comparable, b: Comparable): number {
  if (a === b) return 0
  if (a === undefined) return -1
  if (b === undefined) return 1
  return a < b ? -1 : 1
}
