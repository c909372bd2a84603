import { installDebianPackage, type Program } from './programs.ts'

/** A proxy that operators may have in front. Its folder is often not on the PATH of a user who is not root. */
export const NGINX: Program = {
  name: 'nginx',
  variable: 'PUSHGRID_TEST_NGINX',
  files: ['nginx'],
  folders: ['/usr/sbin', '/usr/local/sbin'],
  async install(say) {
    say('no nginx found; installing the Debian package nginx-light where that is possible')
    await installDebianPackage('nginx-light')
  },
  remedy: 'install nginx 1.18 or later',
}
