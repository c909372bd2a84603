import { installDebianPackage, type Program } from './programs.ts'

/** The browser that reports of the load suite are looked at with. */
export const CHROMIUM: Program = {
  name: 'Chromium',
  variable: 'PUSHGRID_TEST_CHROMIUM',
  files: ['chromium', 'chromium-browser', 'google-chrome'],
  folders: [],
  async install(say) {
    say('no Chromium found; installing the Debian package chromium (100 MB) where that is possible')
    await installDebianPackage('chromium')
  },
  remedy: 'install chromium',
}
