import { readdir } from 'node:fs/promises'
import path from 'node:path'
import type { PackageContent } from './debian-package.ts'

const LIBRARY = 'usr/lib/stand-in-mongodb'

/** Reads of mongod's file what the page has written to it, and says the set's name to clients. */
const MONGOD = `#!/usr/bin/python3
import re, sys
sys.path.insert(0, '/${LIBRARY}')
import secantus.cli as cli
set_name = re.search(r'^replication:\\n  replSetName: (\\S+)$', open('/etc/mongod.conf').read(), re.MULTILINE)
server = cli.SecantusDBServer
cli.SecantusDBServer = lambda **options: server(**{**options, 'replica_set_name': set_name and set_name.group(1)})
sys.exit(cli.main(['--port', '27017', '--storage-path', '/var/lib/mongodb', '--log-level', 'WARNING']))
`
/** Knows one command, which the server needs no more: it waits for it, and looks whether that is a set. */
const MONGOSH = `#!/usr/bin/node
const { MongoClient } = require('/opt/pushgrid/node_modules/mongodb')
if (process.argv.slice(2).join(' ') !== '--quiet --eval rs.initiate()') throw new Error('not that')
const client = new MongoClient('mongodb://127.0.0.1/?directConnection=true', { serverSelectionTimeoutMS: 2000 })
client.db('admin').command({ hello: 1 }).then(({ setName }) => {
  if (setName === undefined) throw new Error('This node was not started with replication enabled.')
  console.log({ ok: 1 })
  return client.close()
}).catch(({ message }) => { console.error(message); process.exit(1) })
`
const CONFIGURATION = `net:
  port: 27017
  bindIp: 127.0.0.1

#replication:
`
const UNIT = `[Unit]
Description=Stands for mongod
After=network-online.target

[Service]
DynamicUser=yes
StateDirectory=mongodb
Environment=HOME=/var/lib/mongodb
ExecStart=/usr/bin/mongod --config /etc/mongod.conf

[Install]
WantedBy=multi-user.target
`

/** The package of MongoDB's maker, with another server of its protocol in it. @param program the server, in a virtual environment of Python */
export async function mongodbPackage(program: string): Promise<PackageContent> {
  const library = path.resolve(program, '../../lib')
  const [python = ''] = await readdir(library)
  return {
    name: 'mongodb-org',
    version: '8.0.0',
    depends: 'python3',
    copies: { [LIBRARY]: path.join(library, python, 'site-packages') },
    texts: {
      'usr/bin/mongod': MONGOD,
      'usr/bin/mongosh': MONGOSH,
      'etc/mongod.conf': CONFIGURATION,
      'lib/systemd/system/mongod.service': UNIT,
    },
  }
}
