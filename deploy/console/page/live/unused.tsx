import type { ConsoleSettings } from '../../figures.ts'

/** What to do so that there is something to see. */
export function Unused({ settings: { wsPort } }: { readonly settings: ConsoleSettings }) {
  const url =
    wsPort === null
      ? 'URL'
      : `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.hostname}:${wsPort}/`
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
