const RECEIPT_LINK = /<([^>]*)>\s*;\s*rel="?urn:ietf:params:push:receipt"?/

/** The receipt subscription that a `Link` header names (RFC 8030 section 5.1); undefined where a service gives no receipts. */
export function receiptUrlIn(link: string | null | undefined, endpoint: string): string | undefined {
  const [, url] = RECEIPT_LINK.exec(link ?? '') ?? []
  return url === undefined || !URL.canParse(url, endpoint) ? undefined : new URL(url, endpoint).href
}
