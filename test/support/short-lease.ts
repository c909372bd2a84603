/** A lease that is over soon, and long enough for a machine that is busy with other tests. */
export const SHORT_LEASE = {
  purpose: 'serve',
  lifetimeMs: 6000,
  marginMs: 1500,
  renewMs: 500,
  operationTimeoutMs: 3000,
} as const
