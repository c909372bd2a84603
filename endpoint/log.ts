/** Where the endpoint writes what an operator should know; pino fits. Never per request, and never a token or an endpoint. */
export interface Log {
  info(object: object, message: string): void
  warn(object: object, message: string): void
  error(object: object, message: string): void
}
