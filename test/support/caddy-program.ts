import { installDebianPackage, type Program } from './programs.ts'

/** A proxy that operators may have in front, which gets certificates by itself. */
export const CADDY: Program = {
  name: 'Caddy',
  variable: 'PUSHGRID_TEST_CADDY',
  files: ['caddy'],
  folders: [],
  async install(say) {
    say('no Caddy found; installing the Debian package caddy where that is possible')
    await installDebianPackage('caddy')
  },
  remedy: 'install caddy 2.6 or later',
}
