import { installDebianPackage, type Program } from './programs.ts'

/** systemd's own check of units. It needs no running systemd. */
export const SYSTEMD_ANALYZE: Program = {
  name: 'systemd-analyze',
  variable: 'PUSHGRID_TEST_SYSTEMD_ANALYZE',
  files: ['systemd-analyze'],
  folders: [],
  async install(say) {
    say('no systemd-analyze found; installing the Debian package systemd where that is possible')
    await installDebianPackage('systemd')
  },
  remedy: 'install systemd 250 or later',
}
