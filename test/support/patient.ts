/**
 * Settings of a service that a busy machine makes give up nothing: what takes long is done late, and not refused. A message that finds its user
 * agent just leaving may wait for the whole of an ask, which is much less than the minute that tests wait for it.
 */
export const PATIENT = {
  PUSHGRID_PUT_TIMEOUT_MS: '24000',
  PUSHGRID_ASK_TIMEOUT_MS: '30000',
  PUSHGRID_HELLO_TIMEOUT_MS: '60000',
  PUSHGRID_HELLO_QUEUE_MS: '60000',
} as const

/**
 * The same for a cluster of which parts are ended or stopped, which nothing should wait for so long. By default a process waits a second for the store when
 * it starts, and two for an answer of it; the one that tests have, on a busy machine, takes longer now and then.
 */
export const UNHURRIED = {
  PUSHGRID_PUT_TIMEOUT_MS: '8000',
  PUSHGRID_ASK_TIMEOUT_MS: '10000',
} as const
