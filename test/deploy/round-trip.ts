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
}

/** A user agent subscribes, an application server posts, the message arrives and its acknowledgement is seen. */
export async function roundTrip(t: Test, { wsUrl, origin, ca }: Reach): Promise<void> {
  const sender = new Sender(1, ca)
  t.teardown(() => sender.close())
  const { client, endpoint } = await subscribed(wsUrl, ca === undefined ? {} : { ca })
  t.equal(new URL(endpoint).origin, origin)
  const posted = sender.post(endpoint, { text: 'hello' })
  const notification = await client.next('notification')
  client.ack(notification)
  t.equal((await posted).status, 201)
  t.equal(textOf(notification), 'hello')
  await client.close()
}
