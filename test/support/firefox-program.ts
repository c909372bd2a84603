import { installDebianPackage, type Program } from './programs.ts'

/** The browser of the tests with a real one. */
export const FIREFOX: Program = {
  name: 'Firefox',
  variable: 'PUSHGRID_TEST_FIREFOX',
  files: ['firefox-esr', 'firefox'],
  folders: [],
  async install(say) {
    say('no Firefox found; installing the Debian package firefox-esr (90 MB) where that is possible')
    await installDebianPackage('firefox-esr')
  },
  remedy: 'install firefox-esr or firefox',
}
