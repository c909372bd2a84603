import { installDebianPackage, type Program } from './programs.ts'

/** The proxy in front of a local cluster. Its folder is often not on the PATH of a user who is not root. */
export const HAPROXY: Program = {
  name: 'HAProxy',
  variable: 'PUSHGRID_TEST_HAPROXY',
  files: ['haproxy'],
  folders: ['/usr/sbin', '/usr/local/sbin'],
  async install(say) {
    say('no HAProxy found; installing the Debian package haproxy where that is possible')
    await installDebianPackage('haproxy')
  },
  remedy: 'install haproxy 2.6 or later',
}
