/** Settings of a service that a busy machine makes give up nothing: what takes long is done late, and not refused. */
export const PATIENT = {
  PUSHGRID_PUT_TIMEOUT_MS: '50000',
  PUSHGRID_ASK_TIMEOUT_MS: '60000',
} as const
