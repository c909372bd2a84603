import { type Static, Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import type { Clock } from '../../cluster/clock.ts'
import { RECEIPT_STATUS } from '../../push/receipt.ts'
import { StartError } from '../start-error.ts'
import { ask, type HttpAnswer } from './http.ts'
import { receiptUrlIn } from './receipt-link.ts'
import { refusalOf } from './refusal.ts'

const ReceiptsSchema = Type.Object({
  receipts: Type.Array(Type.Object({ id: Type.String(), message: Type.String(), status: Type.Integer() })),
})

/** Longest wait of one request: proxies cut what is silent for longer. */
const POLL_SECONDS = 30
/** What a server that has promised to answer by then may take longer. */
const MARGIN_MS = 10_000
const PAUSE_MS = 1000

/** What became of a message; `unknown` when nothing was heard of it in time. */
export type Outcome = 'acknowledged' | 'notDelivered' | 'unknown'

/** The receipt subscription that the answer to a message names; undefined where a server gives no receipts. */
export function receiptUrlOf(answer: HttpAnswer, endpoint: string): string | undefined {
  return receiptUrlIn([answer.headers['link']].flat().join(), endpoint)
}

/**
 * Waits for the receipt of a message by long poll, and ends the receipt subscription, which was for this one message.
 * @throws StartError when the server refuses, or can't be reached
 */
export async function awaitReceipt(
  receiptUrl: string,
  location: string,
  waitSeconds: number,
  clock: Clock,
): Promise<Outcome> {
  const endMs = clock.monotonicMs() + waitSeconds * 1000
  for (;;) {
    const leftSeconds = Math.max(0, Math.ceil((endMs - clock.monotonicMs()) / 1000))
    const pollSeconds = Math.min(leftSeconds, POLL_SECONDS)
    const status = await poll(receiptUrl, location, pollSeconds)
    if (status !== undefined) {
      await end(receiptUrl)
      return status === RECEIPT_STATUS.acknowledged ? 'acknowledged' : 'notDelivered'
    }
    if (pollSeconds === leftSeconds) return 'unknown'
    // A server that does not know how to wait must not be asked without end.
    await new Promise<void>((resolve) => clock.after(PAUSE_MS, resolve))
  }
}

/** What became of the message is known, whether this comes to anything or not: at the latest it ends by itself. */
async function end(receiptUrl: string): Promise<void> {
  await ask(receiptUrl, { method: 'DELETE' }).catch(() => undefined)
}

async function poll(receiptUrl: string, location: string, seconds: number): Promise<number | undefined> {
  const answer = await ask(receiptUrl, {
    method: 'GET',
    headers: { prefer: `wait=${seconds}` },
    timeoutMs: seconds * 1000 + MARGIN_MS,
  })
  if (answer.status === 204) return undefined
  if (answer.status !== 200) throw refusalOf(answer)
  const receipt = receiptsOf(answer.body).find(({ message }) => message === location)
  if (receipt === undefined) throw new StartError('the server answers without the receipt that was asked for')
  return receipt.status
}

function receiptsOf(body: string): Static<typeof ReceiptsSchema>['receipts'] {
  try {
    const value: unknown = JSON.parse(body)
    return Value.Check(ReceiptsSchema, value) ? value.receipts : []
  } catch {
    return []
  }
}
