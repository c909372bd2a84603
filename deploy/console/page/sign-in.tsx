import { useState } from 'preact/hooks'
import { keepToken } from './session.ts'

interface SignInProps {
  /** Whether a token was given that is not the one. */
  readonly wasWrong: boolean
  readonly onToken: () => void
}

/** Asks for the admin token. */
export function SignIn({ wasWrong, onToken }: SignInProps) {
  const [token, setToken] = useState('')
  const give = (event: SubmitEvent) => {
    event.preventDefault()
    keepToken(token.trim())
    onToken()
  }
  return (
    <form class="card sign-in" onSubmit={give}>
      <h2>Admin token</h2>
      <p>Figures of this service are for who has its admin token (PUSHGRID_ADMIN_TOKEN).</p>
      {wasWrong && (
        <p class="bad" role="alert">
          That is not the admin token of this service.
        </p>
      )}
      <label>
        Admin token
        <input
          type="password"
          autocomplete="current-password"
          required
          value={token}
          onInput={(event) => setToken(event.currentTarget.value)}
        />
      </label>
      <button type="submit">Sign in</button>
    </form>
  )
}
