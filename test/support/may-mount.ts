import { spawnSync } from 'node:child_process'

/** Whether this process may mount, and take a folder for the root of another one: that is for root, and not everywhere for root either. */
export const MAY_MOUNT = process.getuid?.() === 0 && isAllowed('true')

/**
 * Whether it may boot a machine: lay one file tree over another, have processes and a network apart, and control groups of their own.
 * Looked for in what is nobody else's, and gone afterwards.
 */
export function mayBoot(): boolean {
  return MAY_MOUNT && isAllowed(BOOT_NEEDS)
}

const BOOT_NEEDS = `
mount -t tmpfs tmpfs /mnt
mkdir /mnt/lower /mnt/upper /mnt/work /mnt/root
mount -t overlay overlay -o lowerdir=/mnt/lower,upperdir=/mnt/upper,workdir=/mnt/work /mnt/root
for groups in /sys/fs/cgroup /sys/fs/cgroup/systemd; do [ -w $groups/cgroup.procs ] && exit 0; done
exit 1
`

function isAllowed(commands: string): boolean {
  const namespaces = ['--mount', '--pid', '--net', '--fork']
  const { status } = spawnSync('unshare', [...namespaces, 'sh', '-ec', commands], { stdio: 'ignore' })
  return status === 0
}

/** There is nothing to run a test in, for a reason that lies in this machine or its network, not in what is tested. */
export class NotHere extends Error {
  override readonly name = 'NotHere'
}
