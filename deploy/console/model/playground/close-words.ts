import type { CloseReason } from '../../../../push/errors.ts'

/** What the service means by the reason it closes a connection for, and what to do. */
const REASONS: Record<CloseReason, string> = {
  displaced: 'A newer connection with the same UAID is there: perhaps in a copy of this tab.',
  drained:
    'This process of the service stops. Connect again: you come to another one, or to it when it is back.',
  binaryFrame: 'The service takes text only.',
  protocolViolated:
    'The service did not understand what was sent: no JSON object, an unknown or wrong message, a second hello, none in time, or pings or registrations too often.',
  tooManyUnacknowledged:
    'As many messages as may be under way were never acknowledged. Acknowledge them; they come again after connecting.',
  frameTooLarge: 'A frame may have 16 KiB at most.',
  behaviourFailed: 'That is a defect of the service, which is in its log. Connect again.',
  storeDown: 'The service could not ask its store who this is. Nothing is lost; connect again later.',
  tooManyHellos: 'Too many connect at once. Connect again later.',
  tooManySilent: 'It said nothing, and others needed the place.',
}

/** What close codes mean where no reason is known (RFC 6455 section 7.4.1). */
const CODES: ReadonlyMap<number, string> = new Map([
  [1000, 'It ended in good order.'],
  [1001, 'The other side goes away.'],
  [1005, 'No reason was given.'],
  [
    1006,
    'The connection was lost: the service ended at once, or the network, or a proxy that takes silence for the end.',
  ],
  [1011, 'The service could not go on.'],
  [1012, 'The service starts again. Connect again.'],
  [1013, 'The service is too busy. Connect again later.'],
  [4774, 'The service asks not to be connected to again.'],
])

/** Says in words why an open connection has ended. */
export function closeWords(code: number, reason: string): string {
  const words = isKnown(reason) ? REASONS[reason] : CODES.get(code)
  const name = [code, reason].filter((part) => part !== '').join(' ')
  return `Closed (${name}).${words === undefined ? '' : ` ${words}`}`
}

/** Why a connection could not be opened: browsers do not tell pages, who might spy out a network. */
export const NOT_OPENED =
  'The websocket could not be opened. Perhaps nothing listens there, the URL is that of another port, a proxy does not pass websockets on, or the service takes nobody for the moment (429, 503); the browser’s own console may say more.'

function isKnown(reason: string): reason is CloseReason {
  return Object.hasOwn(REASONS, reason)
}
