import { renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { SimulatedClock } from '../cluster/simulated-clock.ts'
import type { Certificate } from '../push/certificate.ts'
import { selfSignedCertificate } from '../push/fixtures/certificate.ts'
import type { LogFields } from '../push/log.ts'
import { type LoadedCertificate, readCertificate } from './certificate.ts'
import { CertificateKeeper } from './certificate-keeper.ts'

/** A keeper of a certificate in files that a test changes. */
function keep(t: Test, notAfter?: string) {
  const first = selfSignedCertificate('first', notAfter)
  const folder = t.testdir({ cert: first.certificate, key: first.key })
  const [certificateFile, keyFile] = [path.join(folder, 'cert'), path.join(folder, 'key')]
  const lines: string[] = []
  const note = (level: string) => (fields: LogFields, message: string) => {
    lines.push([level, message, fields['reason']].filter(Boolean).join(': '))
  }
  const log = { info: note('info'), warn: note('warn'), error: note('error') }
  const clock = new SimulatedClock()
  const keeper = new CertificateKeeper(readCertificate({ certificateFile, keyFile }), { clock, log })
  t.teardown(() => keeper.close())
  const used: LoadedCertificate[] = []
  keeper.add((certificate) => used.push(certificate))
  /** Replaces a file as programs do that care: the new one is complete when it gets the name. */
  const write = (file: string, text: string) => {
    writeFileSync(`${file}.new`, text)
    renameSync(`${file}.new`, file)
  }
  return { keeper, clock, lines, used, write, certificateFile, keyFile, first }
}

t.test('files that change are used once they have settled, each pair once', (t) => {
  const { clock, lines, used, write, certificateFile, keyFile } = keep(t)
  clock.advance(60_000)
  t.same(used, [])
  const next = selfSignedCertificate('next')
  write(certificateFile, next.certificate)
  clock.advance(5000)
  write(keyFile, next.key)
  clock.advance(5000)
  t.same(used, [], 'not while they change')
  clock.advance(5000)
  t.match(used, [next])
  t.match(lines, [/^info: another certificate is in use/], 'and nobody complained of half a change')
  clock.advance(60_000)
  t.equal(used.length, 1)
  t.end()
})

t.test('a folder that is another by a link, as certbot and Kubernetes change them, is noticed', (t) => {
  const [first, next] = [selfSignedCertificate('first'), selfSignedCertificate('next')]
  const files = ({ certificate, key }: Certificate) => ({ cert: certificate, key })
  const folder = t.testdir({ old: files(first), new: files(next), live: t.fixture('symlink', 'old') })
  const live = path.join(folder, 'live')
  const named = { certificateFile: path.join(live, 'cert'), keyFile: path.join(live, 'key') }
  const clock = new SimulatedClock()
  const log = { info() {}, warn() {}, error: (fields: LogFields) => t.fail(String(fields['reason'])) }
  const keeper = new CertificateKeeper(readCertificate(named), { clock, log })
  const used: LoadedCertificate[] = []
  keeper.add((certificate) => used.push(certificate))
  symlinkSync('new', path.join(folder, 'swapped'))
  renameSync(path.join(folder, 'swapped'), live)
  clock.advance(10_000)
  t.match(used, [next])
  t.equal(used.length, 1)
  keeper.close()
  t.end()
})

t.test('when told to, they are read at once', (t) => {
  const { keeper, clock, lines, used, write, certificateFile, keyFile } = keep(t)
  keeper.reload()
  t.match(lines, [/^info: the certificate is the one in use/])
  const next = selfSignedCertificate('next')
  write(certificateFile, next.certificate)
  write(keyFile, next.key)
  keeper.reload()
  t.match(used, [next])
  t.match(keeper.current, next)
  clock.advance(60_000)
  t.equal(used.length, 1, 'and not once more when that is seen')
  t.end()
})

t.test('a bad one is logged once, and the former stays', (t) => {
  const { keeper, clock, lines, used, write, certificateFile, keyFile, first } = keep(t)
  write(keyFile, selfSignedCertificate('other').key)
  clock.advance(60_000)
  t.match(lines, [/^error: the certificate stays as it is: the key .* is not that of the first certificate/])
  rmSync(certificateFile)
  clock.advance(60_000)
  t.match(lines[1], /^error: the certificate stays as it is: .* can't be read \(ENOENT\)/)
  t.equal(lines.length, 2)
  t.same(used, [])
  t.match(keeper.current, first)
  write(certificateFile, first.certificate)
  write(keyFile, first.key)
  clock.advance(60_000)
  t.match(lines[2], /^info: the certificate is the one in use/)
  t.end()
})

t.test('one that a server can not use is logged, and is not the current one', (t) => {
  const { keeper, lines, write, certificateFile, keyFile, first } = keep(t)
  keeper.add(() => {
    throw new Error('App construction failed')
  })
  const next = selfSignedCertificate('next')
  write(certificateFile, next.certificate)
  write(keyFile, next.key)
  keeper.reload()
  t.match(lines, [/^error: the certificate stays as it is: .*App construction failed/])
  t.match(keeper.current, first)
  t.end()
})

t.test('one that has expired is warned of, and used all the same', (t) => {
  const { lines } = keep(t, '20210101000000Z')
  t.match(lines, [/^warn: the certificate has expired/])
  t.end()
})

t.test('after close nothing is looked at', (t) => {
  const { keeper, clock, lines, keyFile } = keep(t)
  keeper.close()
  rmSync(keyFile)
  clock.advance(60_000)
  t.same(lines, [])
  t.end()
})
