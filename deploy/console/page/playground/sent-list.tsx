import type { ApplicationServer } from './application-server.ts'
import { SentItem } from './sent-item.tsx'
import { useStore } from './store.ts'

interface SentListProps {
  readonly server: ApplicationServer
  readonly arrivals: ReadonlyMap<string, number>
}

/** What was sent, the newest first. */
export function SentList({ server, arrivals }: SentListProps) {
  const sent = useStore(server.sent)
  if (sent.length === 0) return null
  return (
    <>
      <h4>Sent</h4>
      <ul class="items" data-test="sent">
        {sent.map((one, at) => (
          <SentItem
            key={one.id}
            sent={one}
            isNewest={at === 0}
            arrivedAtMs={one.data === undefined ? undefined : arrivals.get(one.data)}
            onTakeBack={() => void server.takeBack(one)}
            onStopWaiting={() => server.stopWaiting(one, 'Not waited for any more.')}
          />
        ))}
      </ul>
    </>
  )
}
