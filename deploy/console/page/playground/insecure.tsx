/** Says what to do where the browser gives no encryption to the page, because it came by plain http from another host. */
export function Insecure() {
  const { port, hostname, protocol } = location
  const portOf = port === '' ? (protocol === 'https:' ? '443' : '80') : port
  return (
    <div class="card" role="alert">
      <h3>The playground needs a secure context</h3>
      <p>
        This page came by plain http from <code>{hostname}</code>. There browsers give pages no encryption
        (WebCrypto), and without it no message can be made or read. Open the console
      </p>
      <ul>
        <li>by https, through the proxy or with a certificate of the service’s own, or</li>
        <li>
          on the machine itself, by <code>http://localhost:{portOf}/console/</code>, or
        </li>
        <li>
          through a tunnel:{' '}
          <code>
            ssh -L {portOf}:localhost:{portOf} {hostname}
          </code>
          , then <code>http://localhost:{portOf}/console/</code> here. For the websocket port another{' '}
          <code>-L</code>.
        </li>
      </ul>
      <p>The live figures need none of it.</p>
    </div>
  )
}
