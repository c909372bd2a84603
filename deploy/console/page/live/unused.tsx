import type { ConsoleSettings } from '../../figures.ts'
import { defaultWebsocketUrl } from '../../model/playground/websocket-url.ts'

/** What to do so that there is something to see. */
export function Unused({ settings }: { readonly settings: ConsoleSettings }) {
  const url = settings.wsPort === null ? 'URL' : defaultWebsocketUrl(location, settings)
  return (
    <section class="card unused">
      <h2>No message so far</h2>
      <p>This service has not been sent anything since it was started. To see it at work:</p>
      <ul>
        <li>
          Connect and send in the <a href="#playground">playground</a>.
        </li>
        <li>
          In a terminal, <code>pushgrid agent --url {url} --channel news --subscription news.json</code>, and
          in another <code>pushgrid send news.json "Hello"</code>.
        </li>
        <li>
          A load of many user agents: <code>pushgrid bench direct --url {url}</code>.
        </li>
      </ul>
    </section>
  )
}
