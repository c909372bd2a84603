/** A file of the console, as it is served. */
export interface ConsoleFile {
  readonly content: Buffer
  readonly type: string
  /** Tells it from any other content (RFC 9110 section 8.8.3). */
  readonly etag: string
  /** Whether its name changes with its content, so that it can be kept for ever. */
  readonly isImmutable: boolean
}

/** The console as an endpoint serves it; what is in it is decided by who puts the process together. */
export interface Console {
  /** What is there for everybody: the page with its parts, by path below `/console/`. It tells nothing of the service. */
  readonly files: ReadonlyMap<string, ConsoleFile>
  /** Told to the page in JSON. */
  readonly settings: string
  /** Who has it sees settings and figures. Undefined where whoever is at this machine does. */
  readonly token: string | undefined
  /** Calls `see` with the figures of the service, in JSON and on one line, about once a second. @returns ends it */
  watch(see: (figures: string) => void): () => void
}
