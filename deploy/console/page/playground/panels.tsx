import type { ConsoleSettings } from '../../figures.ts'
import { AgentCard } from './agent-card.tsx'
import type { AgentRunner } from './agent-runner.ts'
import type { ApplicationServer } from './application-server.ts'
import { FramesCard } from './frames-card.tsx'
import { MessagesCard } from './messages-card.tsx'
import { SendCard } from './send-card.tsx'
import { useStore } from './store.ts'
import { SubscriptionsCard } from './subscriptions-card.tsx'

interface PanelsProps {
  readonly settings: ConsoleSettings
  readonly runner: AgentRunner
  readonly server: ApplicationServer
}

/** All parts side by side. What was sent here and comes here is the same message: the encrypted body tells. */
export function Panels({ settings, runner, server }: PanelsProps) {
  const { identity, messages } = useStore(runner.state)
  const sent = useStore(server.sent)
  const own = new Map(sent.flatMap((one) => (one.data === undefined ? [] : [[one.data, one]])))
  // Of one that comes again the first time counts, which is the last in the list.
  const arrivals = new Map(messages.map(({ notification, atMs }) => [notification.data ?? '', atMs]))
  return (
    <div class="playground">
      <div class="column">
        <AgentCard settings={settings} runner={runner} />
        <SubscriptionsCard runner={runner} vapidKey={server.vapid.publicKey} />
      </div>
      <div class="column">
        <SendCard server={server} channels={identity.channels} arrivals={arrivals} />
      </div>
      <div class="column">
        <MessagesCard runner={runner} own={own} />
        <FramesCard runner={runner} />
      </div>
    </div>
  )
}
