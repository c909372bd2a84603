/** What is logged with a message. Never a UAID, token or endpoint in full. */
export type LogFields = Readonly<Record<string, unknown>>

/** Where a part of the service writes what an operator should know; a pino logger is one. */
export interface Log {
  info(fields: LogFields, message: string): void
  warn(fields: LogFields, message: string): void
  error(fields: LogFields, message: string): void
}
