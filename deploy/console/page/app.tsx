import { useEffect, useState } from 'preact/hooks'
import type { ConsoleSettings } from '../figures.ts'
import { LiveView } from './live/live-view.tsx'
import { Playground } from './playground/playground.tsx'
import { readSettings, TokenNeeded } from './session.ts'
import { SignIn } from './sign-in.tsx'

const VIEWS = { live: 'Live figures', playground: 'Playground' } as const
type View = keyof typeof VIEWS

type State =
  | { readonly kind: 'asking' }
  | { readonly kind: 'signIn'; readonly wasWrong: boolean }
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'ready'; readonly settings: ConsoleSettings }

/** The console: who may see it sees one of two views, named in the address so that it can be linked to and reloaded. */
export function App() {
  const [state, setState] = useState<State>({ kind: 'asking' })
  const [view, setView] = useState(viewOf(location.hash))
  const ask = (wasTried: boolean) =>
    readSettings().then(
      (settings) => setState({ kind: 'ready', settings }),
      (error: unknown) =>
        setState(
          error instanceof TokenNeeded
            ? { kind: 'signIn', wasWrong: wasTried }
            : { kind: 'failed', reason: error instanceof Error ? error.message : String(error) },
        ),
    )
  useEffect(() => {
    void ask(false)
    const follow = () => setView(viewOf(location.hash))
    addEventListener('hashchange', follow)
    return () => removeEventListener('hashchange', follow)
  }, [])
  return (
    <>
      <header class="top">
        <h1>Pushgrid</h1>
        {state.kind === 'ready' && <Tabs view={view} />}
        <span class="version">{state.kind === 'ready' && state.settings.version}</span>
        <button type="button" id="theme" />
      </header>
      <main>
        {state.kind === 'asking' && <p role="status">Asking the service …</p>}
        {state.kind === 'failed' && <p role="alert">There is nothing to see: {state.reason}</p>}
        {state.kind === 'signIn' && <SignIn wasWrong={state.wasWrong} onToken={() => void ask(true)} />}
        {/* Both stay when the other is looked at: what they have seen does, too, and the playground's connection. */}
        {state.kind === 'ready' && (
          <LiveView
            settings={state.settings}
            isShown={view === 'live'}
            onTokenNeeded={() => setState({ kind: 'signIn', wasWrong: true })}
          />
        )}
        {state.kind === 'ready' && <Playground settings={state.settings} isShown={view === 'playground'} />}
      </main>
    </>
  )
}

function Tabs({ view }: { readonly view: View }) {
  return (
    <nav aria-label="Views">
      {Object.entries(VIEWS).map(([name, title]) => (
        <a key={name} href={`#${name}`} aria-current={name === view ? 'page' : undefined}>
          {title}
        </a>
      ))}
    </nav>
  )
}

function viewOf(hash: string): View {
  return hash === '#playground' ? 'playground' : 'live'
}
