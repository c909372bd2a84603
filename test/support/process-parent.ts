import { startNatsServer } from './nats-server.ts'
import { PushgridProcess } from './pushgrid-process.ts'

// A process that starts others as tests do, and says on stdout which. Arguments: a folder for data.
const [folder = ''] = process.argv.slice(2)
const nats = await startNatsServer()
const served = new PushgridProcess('serve', {
  PUSHGRID_DATA_DIR: folder,
  PUSHGRID_WS_PORT: '0',
  PUSHGRID_HTTP_PORT: '0',
})
await served.listening
process.stdout.write(`started ${nats.process.pid} ${served.pid}\n`)
