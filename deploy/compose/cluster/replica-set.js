// For mongosh: makes the replica set unless there is one, and ends when it has a primary.
/* global rs, sleep */
const NOT_YET_INITIALIZED = 94
const PAUSE_MS = 500
const PAUSES_MAX = 120

const members = ['mongo-1', 'mongo-2', 'mongo-3'].map((name, index) => ({
  _id: index,
  host: `${name}:27017`,
}))
try {
  rs.status()
} catch (error) {
  // Whatever else is wrong with a set, it is not mended by making it anew.
  if (error.code !== NOT_YET_INITIALIZED) throw error
  rs.initiate({ _id: 'pushgrid', members })
}

for (let pauses = 0; ; pauses++) {
  const status = rs.status().members
  if (status.some(({ stateStr }) => stateStr === 'PRIMARY')) break
  if (pauses === PAUSES_MAX) {
    const states = status.map(({ name, stateStr }) => `${name} is ${stateStr}`).join(', ')
    throw new Error(
      `no primary within ${(PAUSES_MAX * PAUSE_MS) / 1000} s, look at the logs of these: ${states}`,
    )
  }
  sleep(PAUSE_MS)
}
