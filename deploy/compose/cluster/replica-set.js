// For mongosh: makes the replica set unless there is one, and ends when it has a primary.
/* global rs, db, sleep */
const members = ['mongo-1', 'mongo-2', 'mongo-3'].map((name, index) => ({
  _id: index,
  host: `${name}:27017`,
}))
try {
  rs.status()
} catch {
  rs.initiate({ _id: 'pushgrid', members })
}
while (!rs.status().members.some(({ stateStr }) => stateStr === 'PRIMARY')) sleep(500)
