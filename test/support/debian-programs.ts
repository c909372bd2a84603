import { installDebianPackage, type Program } from './programs.ts'

/** Makes a file tree of Debian, as an installation would. */
export const MMDEBSTRAP: Program = {
  name: 'mmdebstrap',
  variable: 'PUSHGRID_TEST_MMDEBSTRAP',
  files: ['mmdebstrap'],
  folders: [],
  async install(say) {
    say('no mmdebstrap found; installing the Debian package mmdebstrap where that is possible')
    await installDebianPackage('mmdebstrap')
  },
  remedy: 'install mmdebstrap 1 or later',
}

/** Boots a file tree with its own systemd. */
export const SYSTEMD_NSPAWN: Program = {
  name: 'systemd-nspawn',
  variable: 'PUSHGRID_TEST_SYSTEMD_NSPAWN',
  files: ['systemd-nspawn'],
  folders: [],
  async install(say) {
    say('no systemd-nspawn found; installing the Debian package systemd-container where that is possible')
    await installDebianPackage('systemd-container')
  },
  remedy: 'install systemd-nspawn 247 or later (Debian: systemd-container)',
}
