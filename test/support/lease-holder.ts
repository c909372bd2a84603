import { systemClock } from '../../cluster/clock.ts'
import { takeLease } from '../../store/mongodb-lease.ts'
import { SHORT_LEASE } from './short-lease.ts'

// A process that does nothing but hold the lease of a database, and says on stdout what becomes of it.
// Arguments: the URL of the database, a name for itself.
const [url = '', name = ''] = process.argv.slice(2)
const say = (line: string) => process.stdout.write(`${line}\n`)
const options = {
  ...SHORT_LEASE,
  url,
  holder: name,
  name,
  onWaiting: (by: string) => say(`waiting for ${by}`),
}
const taken = await takeLease(options, systemClock)
if (taken.outcome === 'held') say(`held by ${taken.by}`)
else {
  const { lease } = taken
  process.once('SIGTERM', () => void lease.release().then(() => say('released')))
  process.on('SIGUSR2', () => say(`is held: ${lease.isHeld}`))
  void lease.lost.then((reason) => {
    say(`is held: ${lease.isHeld}`)
    say(`lost: ${reason}`)
    process.exit(1)
  })
  say('taken')
}
