import type { Test } from 'tap'
import { Sender, textOf } from '../support/sender.ts'
import { byProxy, postedByProxy, subscribed } from '../support/subscribed.ts'

/** Where a service is reached, and what its certificate is vouched for by. */
export interface Reach {
  readonly wsUrl: string
  /** Origin that endpoints have to name; messages are posted there. */
  readonly origin: string
  /** Certificate that clients trust, in PEM. */
  readonly ca?: string
  /** Whether that is by a proxy, which may have reached nobody: then it is tried again. */
  readonly isProxied?: boolean
}

/** A user agent subscribes, an application server posts, the message arrives and its acknowledgement is seen. */
export async function roundTrip(t: Test, { wsUrl, origin, ca, isProxied = false }: Reach): Promise<void> {
  const sender = new Sender(1, ca)
  t.teardown(() => sender.close())
  const connect = () => subscribed(wsUrl, ca === undefined ? {} : { ca })
  const { client, endpoint } = await (isProxied ? byProxy(connect) : connect())
  t.equal(new URL(endpoint).origin, origin)
  const posted = isProxied
    ? postedByProxy(sender, endpoint, 'hello')
    : sender.post(endpoint, { text: 'hello' }).then(({ status }) => status)
  const notification = await client.next('notification')
  client.ack(notification)
  t.equal(await posted, 201)
  t.equal(textOf(notification), 'hello')
  await client.close()
}
