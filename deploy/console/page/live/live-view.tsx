interface LiveViewProps {
  /** The service does not take the token any more. */
  readonly onTokenNeeded: () => void
}

/** What the service does right now, all processes together and each by itself. */
export function LiveView(_: LiveViewProps) {
  return <h2>Live figures</h2>
}
