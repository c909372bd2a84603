/** A lease that is over soon, and long enough for a machine that is busy with other tests. */
export const SHORT_LEASE = {
  purpose: 'serve',
  lifetimeMs: 6000,
  marginMs: 1500,
  renewMs: 500,
  // The driver waits half of it for a server that it does not know yet.
  operationTimeoutMs: 12_000,
} as const
