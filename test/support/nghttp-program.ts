import { installDebianPackage, type Program } from './programs.ts'

/** The HTTP/2 client of nghttp2, which shows what a server pushes. */
export const NGHTTP: Program = {
  name: 'nghttp',
  variable: 'PUSHGRID_TEST_NGHTTP',
  files: ['nghttp'],
  folders: [],
  async install(say) {
    say('no nghttp found; installing the Debian package nghttp2-client where that is possible')
    await installDebianPackage('nghttp2-client')
  },
  remedy: 'install nghttp2-client',
}
