/** The token that tests give the service. */
export const ADMIN_TOKEN = 'admin-token-of-the-tests'

/** What an operator does with broadcasts, by the admin API of an endpoint. */
export class BroadcastAdmin {
  readonly #httpUrl: string

  constructor(httpUrl: string) {
    this.#httpUrl = httpUrl
  }

  /** Sets a broadcast; resolves to the status. */
  put(id: string, version: string): Promise<number> {
    return this.#status('PUT', `/${id}`, version)
  }

  /** Deletes a broadcast; resolves to the status. */
  drop(id: string): Promise<number> {
    return this.#status('DELETE', `/${id}`)
  }

  /** The versions there are, by id. */
  async list(): Promise<Record<string, string>> {
    const response = await this.#fetch('GET', '')
    const { broadcasts } = (await response.json()) as { broadcasts: Record<string, string> }
    return broadcasts
  }

  async #status(method: string, path: string, body?: string): Promise<number> {
    const response = await this.#fetch(method, path, body)
    await response.arrayBuffer()
    return response.status
  }

  #fetch(method: string, path: string, body?: string): Promise<Response> {
    return fetch(`${this.#httpUrl}/v1/broadcasts${path}`, {
      method,
      headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
      ...(body !== undefined && { body }),
    })
  }
}
