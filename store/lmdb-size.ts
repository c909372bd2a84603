import type { Database } from 'lmdb'

/** How large a table is. */
export interface TableSize {
  readonly records: number
  /** Of its pages, those half full included. */
  readonly bytes: number
}

/** What LMDB itself says of a table; the library's own type leaves it out. */
interface LmdbStats {
  readonly pageSize: number
  readonly treeBranchPageCount: number
  readonly treeLeafPageCount: number
  readonly overflowPages: number
  readonly entryCount: number
}

/** How large a table is, without looking at its records. */
export function sizeOf(db: Database<Buffer, Buffer>): TableSize {
  const stats = db.getStats() as LmdbStats
  const pages = stats.treeBranchPageCount + stats.treeLeafPageCount + stats.overflowPages
  return { records: stats.entryCount, bytes: pages * stats.pageSize }
}
