import type { Test } from 'tap'
import { Sender, textOf } from '../support/sender.ts'
import { subscribed } from '../support/subscribed.ts'

/** Where a service is reached, and what its certificate is vouched for by. */
export interface Reach {
  readonly wsUrl: string
  /** Origin that endpoints have to name; messages are posted there. */
  readonly origin: string
  /** Certificate that clients trust, in PEM. */
  readonly ca?: string
  /** Whether an endpoint has just died: a proxy does not repeat what may have reached it, so the sender does. */
  readonly isFailing?: boolean
}

const BAD_GATEWAY = 502

/** A user agent subscribes, an application server posts, the message arrives and its acknowledgement is seen. */
export async function roundTrip(t: Test, { wsUrl, origin, ca, isFailing = false }: Reach): Promise<void> {
  const sender = new Sender(1, ca)
  t.teardown(() => sender.close())
  const { client, endpoint } = await subscribed(wsUrl, ca === undefined ? {} : { ca })
  t.equal(new URL(endpoint).origin, origin)
  const post = async (): Promise<number> => {
    const { status } = await sender.post(endpoint, { text: 'hello' })
    return isFailing && status === BAD_GATEWAY ? post() : status
  }
  const posted = post()
  const notification = await client.next('notification')
  client.ack(notification)
  t.equal(await posted, 201)
  t.equal(textOf(notification), 'hello')
  await client.close()
}
