/** Subjects of `pushgrid bench` on NATS, apart from those of the service. */
export const subjects = {
  /** Coordinators call for workers here; those that are free answer with an {@link Offer}. */
  call: 'pushgrid.bench.call',
  /** What is said to a worker. */
  worker: (id: string) => `pushgrid.bench.worker.${id}`,
  /** What a worker says to the coordinator of its run. */
  run: (run: string, id: string) => `pushgrid.bench.run.${run}.${id}`,
  /** Pieces of what is too large for a message. */
  pieces: (run: string, id: string) => `pushgrid.bench.run.${run}.${id}.piece`,
} as const

/** A worker that is free. */
export interface Offer {
  readonly id: string
  /** Where it runs, for people. */
  readonly name: string
}

/** Answer of a worker that is asked to take part in a run: another coordinator may have been faster. */
export interface Taken {
  readonly taken: boolean
}
