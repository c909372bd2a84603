/** Schemes of the URLs of a process with these settings (`PUSHGRID_...`): those of TLS where it has a certificate. */
export function schemesOf(settings: Readonly<Record<string, string>> = {}): { ws: string; http: string } {
  return settings['PUSHGRID_TLS_CERT_FILE'] === undefined
    ? { ws: 'ws', http: 'http' }
    : { ws: 'wss', http: 'https' }
}
