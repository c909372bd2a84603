/** The page of the console: one file, so that nothing of it can come from a process of another version. */
export interface ConsolePage {
  readonly content: Buffer
  /** Tells it from any other content (RFC 9110 section 8.8.3). */
  readonly etag: string
  /** Hashes of the scripts and of the styles that stand in it, as its policy (CSP) names them: the page runs and uses no other. */
  readonly scripts: string
  readonly styles: string
}

/** The console as an endpoint serves it; what is in it is decided by who puts the process together. */
export interface Console {
  /** What is there for everybody. It tells nothing of the service. */
  readonly page: ConsolePage
  /** Told to the page in JSON. */
  readonly settings: string
  /** Who has it sees settings and figures. Undefined where whoever is at this machine does. */
  readonly token: string | undefined
  /** Calls `see` with the figures of the service, in JSON and on one line, about once a second. @returns ends it */
  watch(see: (figures: string) => void): () => void
}
