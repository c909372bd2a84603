import type { Browser } from '../browser.ts'
import type { LinkFacts, MessageFacts } from '../ledger.ts'
import type { StateRule, View } from './rule.ts'

/** In which a stored message is sent to a user agent that can take it, when nothing is lost on the way. */
const PROMPT_MS = 12_000
/** For so long after something went wrong nothing is expected. */
const CALM_MS = 15_000

/** 2: what waits in the store for a connected user agent has been sent in its session, or been refused by it. */
export const nothingWaits: StateRule = {
  name: 'liveness: nothing deliverable waits for a connected user agent',
  check: (view) => {
    for (const { browser, link, known } of deliverable(view))
      if (!known.writes.some((write) => write.link === link.number))
        return `message ${known.message.id} waits, unsent, for browser ${browser.name} on link ${link.number}`
    return undefined
  },
}

/** 2, once the user agents have come back and acknowledge all they get: nothing is left at all. */
export const nothingLeft: StateRule = {
  name: 'liveness: everything is delivered in the end',
  check: (view) => {
    for (const { browser, known } of deliverable(view))
      return `message ${known.message.id} is left in the store of browser ${browser.name}`
    return undefined
  },
}

/** The hints do their work: when none is lost, a message does not wait for the next re-read. */
export const hintsWork: StateRule = {
  name: 'hints: a stored message is sent soon',
  check: (view) => {
    const { elapsedMs, disturbedUntilMs } = view
    for (const { browser, link, known } of deliverable(view)) {
      const readyAtMs = Math.max(known.keptAtMs ?? 0, link.welcomedAtMs ?? 0)
      view.ledger.inFlight(link, elapsedMs)
      const hadRoom = link.halfFullAtMs < readyAtMs
      const calm = disturbedUntilMs < readyAtMs - CALM_MS && known.doubts === 0
      if (!calm || !hadRoom || elapsedMs < readyAtMs + PROMPT_MS) continue
      if (!known.writes.some((write) => write.link === link.number))
        return `message ${known.message.id} waits for browser ${browser.name} on link ${link.number}, and no hint was lost`
    }
    return undefined
  },
}

interface Deliverable {
  readonly browser: Browser
  readonly link: LinkFacts
  readonly known: MessageFacts
}

/** What is in the store for user agents that are connected and could take it, newest of its topic. */
function* deliverable({ browsers, ledger, truth, wallMs, limits }: View): Generator<Deliverable> {
  for (const browser of browsers) {
    const { session, profile } = browser
    if (!session?.healthy || profile.uaid === undefined) continue
    const link = ledger.link(session.number)
    const channels = truth.channelsOf(profile.uaid)
    for (const { message } of truth.messagesOf(profile.uaid)) {
      const known = ledger.message(message.id)
      const expires = message.expiresAtMs - wallMs <= PROMPT_MS + limits.skewMaxMs
      const isReplaced = ledger
        .newerOfTopic(known)
        .some(({ keptAtMs, acked }) => keptAtMs !== undefined || acked)
      if (!expires && !isReplaced && channels?.has(message.channelId)) yield { browser, link, known }
    }
  }
}
