/** Words of PromQL that are no metrics. */
const KEYWORDS = new Set(['and', 'or', 'unless', 'offset', 'by', 'without', 'on', 'ignoring', 'bool'])

/** What a query asks for. */
export interface Asked {
  /** Names of series, such as `..._bucket`. */
  readonly series: readonly string[]
  /** Names of labels it selects or groups by. */
  readonly labels: readonly string[]
}

/** Reads from a PromQL query which series and labels it names. It has to be a right one: Prometheus' own tool says that. */
export function askedBy(query: string): Asked {
  const unquoted = query.replace(/"[^"]*"/g, '""')
  const selected = Array.from(unquoted.matchAll(/(\w+)\s*(?:=~|!~|!=|=)\s*""/g), ([, label = '']) => label)
  const grouped = Array.from(unquoted.matchAll(/\bby\s*\(([^)]*)\)/g), ([, list = '']) =>
    list.split(',').map((label) => label.trim()),
  )
  const bare = unquoted.replace(/\{[^}]*\}|\[[^\]]*\]|\bby\s*\([^)]*\)/g, ' ')
  const words = Array.from(bare.matchAll(/\b([a-zA-Z_]\w*)\b(?!\s*\()/g), ([word]) => word)
  return {
    series: [...new Set(words.filter((word) => !KEYWORDS.has(word)))],
    labels: [...new Set([...selected, ...grouped.flat()])],
  }
}
