/** What a process can be. */
export type Role = 'serve' | 'node' | 'endpoint'
