import { type Identity, parseIdentity } from '../../model/playground/identity.ts'
import { type KeyPair, newKeyPair } from '../../model/playground/p256.ts'

const URL_KEY = 'pushgrid-agent-url'
const VAPID_KEY = 'pushgrid-vapid'

/** Who this tab is for the service at a URL. Kept for as long as the tab: two tabs are two user agents. */
export function keptIdentity(url: string): Identity {
  return parseIdentity(read(sessionStorage, identityKey(url)))
}

/** Keeps it. */
export function keepIdentity(url: string, identity: Identity): void {
  write(sessionStorage, identityKey(url), JSON.stringify(identity))
  write(sessionStorage, URL_KEY, url)
}

/** The URL that this tab was connected to last. */
export function keptUrl(): string | null {
  return read(sessionStorage, URL_KEY)
}

/** The VAPID keys of this page as an application server, made the first time: one for all tabs, so that any of them may send. */
export async function keptVapid(): Promise<KeyPair> {
  const kept = parsePair(read(localStorage, VAPID_KEY))
  if (kept !== undefined) return kept
  const made = await newKeyPair()
  write(localStorage, VAPID_KEY, JSON.stringify(made))
  return made
}

function identityKey(url: string): string {
  return `pushgrid-agent ${url}`
}

function parsePair(text: string | null): KeyPair | undefined {
  try {
    const { privateKey, publicKey } = Object(JSON.parse(text ?? ''))
    if (typeof privateKey !== 'string' || typeof publicKey !== 'string') return undefined
    return { privateKey, publicKey }
  } catch {
    return undefined
  }
}

function read(storage: Storage, key: string): string | null {
  try {
    return storage.getItem(key)
  } catch {
    return null
  }
}

function write(storage: Storage, key: string, value: string): void {
  try {
    storage.setItem(key, value)
  } catch {
    // A browser without storage forgets with the page.
  }
}
