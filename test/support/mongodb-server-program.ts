import path from 'node:path'
import { cacheFolder, type Program } from './programs.ts'
import { installPythonPackages } from './python-packages.ts'

const FOLDER = cacheFolder('secantusdb-0.7.0b3')

/** SecantusDB speaks MongoDB's protocol; no MongoDB server is to be had as a package. Python 3.11 on Linux x86-64. */
const PYTHON_PACKAGES = [
  'dnspython==2.9.2 --hash=sha256:af15f7d385a6ae2fb35a796fde2138004c8c42c7389090e2addc83e3b3340fd8',
  'future==1.0.0 --hash=sha256:929292d34f5872e70396626ef385ec22355a1fae8ad29e1a734c3e43f9fbc216',
  'numpy==2.4.6 --hash=sha256:89cd468399cfd2504718f0ba50e410dca55a170b61a02ad92bb18c8a65186e93',
  'pymongo==4.20.0 --hash=sha256:f04ead86207f1452ed0919398db9fddb61ed6564e1e42b97ed48c352dca94ccb',
  'python_dateutil==4.0.0 --hash=sha256:a5e246f79eb80475e691bf93862cead98decd8a498cf53ba0516fcdc0f50dc1c',
  's2sphere==0.2.5 --hash=sha256:d2340c9cf458ddc9a89afd1d8048a4195ce6fa6b0095ab900d4be5271e537401',
  'secantusdb==0.7.0b3 --hash=sha256:0a21af2f488d5263c45beb328e68cea989217edf6a385fc491c24ea62ac3cec0',
  'shapely==2.2.0 --hash=sha256:5d61088e2ef71dafad0dd4fae8a521cc1f20da4a89d3096bab5b3260b39b3052',
  'tzdata==2026.6 --hash=sha256:0a10eec6e13ef16b627fabed9a5f2ba61a62b1c67f327305f4e7e412a70b4aec',
]

/** The database of the cluster's tests: MongoDB's own server where there is one, else another of the same protocol. */
export const MONGODB_SERVER: Program = {
  name: 'MongoDB server',
  variable: 'PUSHGRID_TEST_MONGODB_SERVER',
  files: ['mongod', 'secantusd-py'],
  image: 'mongo:8.0',
  folders: [path.join(FOLDER, 'bin')],
  async install(say) {
    say(`no mongod found; installing SecantusDB, pinned, from PyPI to ${FOLDER}`)
    await installPythonPackages(FOLDER, PYTHON_PACKAGES, say)
  },
  remedy: 'install mongod 6 or later, or Docker, or Python 3.11 for the tests to install SecantusDB',
}
