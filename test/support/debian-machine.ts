import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { spawnBound } from './bound-process.ts'
import { SYSTEMD_NSPAWN } from './debian-programs.ts'
import { finished } from './finished.ts'
import { NotHere } from './may-mount.ts'
import { requireProgram } from './programs.ts'
import { Terminal } from './terminal.ts'

/*
 * Moves the shell into control groups of its own, lays what is to be written over the tree, and becomes the machine: what it mounts
 * is seen by nobody else, and its end is that of every process in it. Arguments: name, tree, folder, systemd-nspawn, options of it.
 */
const BOOT = `
name=$1 tree=$2 folder=$3; shift 3
for groups in /sys/fs/cgroup /sys/fs/cgroup/systemd /sys/fs/cgroup/unified; do
  if [ -w $groups/cgroup.procs ]; then mkdir $groups/$name; echo 0 > $groups/$name/cgroup.procs; fi
done
mount -t proc proc /proc
mount -t overlay overlay -o "lowerdir=$tree,upperdir=$folder/written,workdir=$folder/work" "$folder/root"
exec "$@"
`
/** Waits until the machine has booted, and says the process ids of systemd-nspawn and of its init. Argument: that of the parent of the former. */
const AWAIT_BOOT = `
child() { children=$(cat /proc/$1/task/$1/children); echo \${children%% *}; }
inside() { nsenter --target=$init --all --root --wd "$@"; }
until nspawn=$(child $1) && init=$(child $nspawn) && inside systemctl is-system-running --wait | grep -qE 'running|degraded'; do
  kill -0 $1 || exit 1
  sleep 0.1
done 2> /dev/null
echo $nspawn $init
`
const REMOVE_GROUPS = 'find /sys/fs/cgroup -depth -type d -path "*/$1*" -delete'

const BOOT_TIMEOUT_S = '120'

/** What a machine is made of beside the tree. */
export interface MachineOptions {
  /** Folders and files of this machine that it sees, by where; it may write to them. */
  readonly shared?: Readonly<Record<string, string>>
  /** Environment of its terminals. */
  readonly env?: Readonly<Record<string, string>>
  /** Puts files into it before it boots. @param root its root */
  readonly prepare?: (root: string) => Promise<void>
}

/**
 * A machine with its own systemd, network and processes, of which only loopback is shared with nothing: no port of it is one of this
 * machine. For root, where mounting is allowed.
 */
export class DebianMachine {
  readonly #folder: string
  readonly #child: ChildProcess
  readonly #ended: Promise<unknown>
  /** Process ids, as this machine has them. */
  readonly #nspawn: string
  readonly #init: string
  readonly #env: Readonly<Record<string, string>>

  private constructor(
    folder: string,
    child: ChildProcess,
    [nspawn = '', init = '']: readonly string[],
    env: Readonly<Record<string, string>>,
  ) {
    this.#folder = folder
    this.#child = child
    this.#ended = once(child, 'close')
    this.#nspawn = nspawn
    this.#init = init
    this.#env = env
  }

  /** Boots it. @param tree what it starts from; is not written to @throws NotHere when it does not boot */
  static async boot(
    tree: string,
    { shared = {}, env = {}, prepare }: MachineOptions,
  ): Promise<DebianMachine> {
    const folder = await mkdtemp(path.join(tmpdir(), 'pushgrid-machine-'))
    for (const name of ['written', 'work', 'root']) await mkdir(path.join(folder, name))
    await prepare?.(path.join(folder, 'written'))
    const binds = Object.entries(shared).map(([inside, outside]) => `--bind=${outside}:${inside}`)
    const command = [
      await requireProgram(SYSTEMD_NSPAWN),
      ...['--quiet', '--boot', '--register=no', '--keep-unit', '--private-network'],
      ...['--console=pipe', '--resolv-conf=off', '--timezone=off', `--directory=${folder}/root`, ...binds],
    ]
    const namespaces = ['--mount', '--pid', '--fork', '--kill-child=KILL']
    const boot = ['sh', '-ec', BOOT, 'sh', path.basename(folder), tree, folder, ...command]
    const child = spawnBound('unshare', [...namespaces, ...boot])
    let said = ''
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => {
        said += chunk
      })
    const { status, output } = await finished('timeout', [
      BOOT_TIMEOUT_S,
      'sh',
      '-c',
      AWAIT_BOOT,
      'sh',
      `${child.pid}`,
    ])
    const machine = new DebianMachine(folder, child, output.trim().split(' '), env)
    if (status === 0) return machine
    await machine.remove()
    throw new NotHere(`a machine does not boot:\n${said}`)
  }

  /** A shell in it, of root. */
  terminal(): Terminal {
    const env = {
      HOME: '/root',
      PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      ...this.#env,
    }
    const names = Object.entries(env).map(([name, value]) => `${name}=${value}`)
    const enter = [
      'nsenter',
      `--target=${this.#init}`,
      '--all',
      '--root',
      '--wd',
      'env',
      '-i',
      '-C',
      '/root',
      ...names,
      'bash',
    ]
    // This machine's network is kept at hand for what has to be downloaded.
    return new Terminal(['sh', '-c', 'exec 9< /proc/self/ns/net; exec "$@"', 'sh', ...enter])
  }

  /** Ends all that runs in it, and removes what it has written. */
  async remove(): Promise<void> {
    // The first process of its namespace takes all others with it, and has ended when they have.
    if (this.#nspawn === '') this.#child.kill('SIGKILL')
    else process.kill(Number(this.#nspawn), 'SIGKILL')
    await this.#ended
    await finished('sh', ['-c', REMOVE_GROUPS, 'sh', path.basename(this.#folder)])
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 })
  }
}
