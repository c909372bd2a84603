import { systemClock } from '../../cluster/clock.ts'
import { wantJob } from '../../store/mongodb-job.ts'
import { SHORT_LEASE } from './short-lease.ts'

// A process that wants the job of garbage collection of a database, and says on stdout when it has got it and when it has lost it.
// Arguments: the URL of the database, a name for itself.
const LOOK_MS = 20
const [url = '', name = ''] = process.argv.slice(2)
const say = (line: string) => process.stdout.write(`${line}\n`)
const job = wantJob({ ...SHORT_LEASE, purpose: 'garbage', url, holder: name, name }, systemClock)
say('wanted')
for (let had = false; ; ) {
  if (job.isOurs !== had) {
    had = job.isOurs
    say(had ? 'ours' : 'lost')
  }
  await new Promise<void>((resolve) => void systemClock.after(LOOK_MS, resolve))
}
